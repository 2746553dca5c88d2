/** Threads that take part in rewriting a large module: the interface, and how they are asked. */
import { type Injected, type InjectOptions, inject, injectTogether, type RewriteHelp } from '../../inject/index.js';
import type { Module } from '../../wasm/module.js';

/** Other threads, which get ready while the module is checked. */
export interface RewriteHelpers {
  /** Help pays for modules with so many bytes of code. */
  readonly codeBytesMin: number;
  start(): RewriteHelper;
}

export interface RewriteHelper {
  readonly help: RewriteHelp;
  /** They are no longer needed, or never were. */
  close(): void;
}

/** Rewrites `module` once `check` has found nothing wrong with it, with help if that pays. */
export async function rewriteValidated(
  module: Module,
  options: InjectOptions,
  check: () => void,
  helpers: RewriteHelpers | undefined,
): Promise<Injected> {
  const helper = helpers !== undefined && codeBytes(module) >= helpers.codeBytesMin ? helpers.start() : undefined;
  try {
    check();
    return helper === undefined ? inject(module, options) : await injectTogether(module, options, helper.help);
  } finally {
    helper?.close();
  }
}

function codeBytes({ bodies }: Module): number {
  const [first, last] = [bodies[0], bodies[bodies.length - 1]];
  return first === undefined || last === undefined ? 0 : last.body.end - first.body.start;
}
