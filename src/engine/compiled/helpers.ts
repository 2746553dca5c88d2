/** Threads that take part in rewriting a large module: the interface, and how they are asked. */
import { type Injected, type InjectOptions, inject, injectTogether, type RewriteHelp } from '../../inject/index.js';
import type { Module } from '../../wasm/module.js';

/** Other threads, which get ready while the module is checked. */
export interface RewriteHelpers {
  start(): RewriteHelper;
}

export interface RewriteHelper {
  readonly help: RewriteHelp;
  /** They are no longer needed, or never were. */
  close(): void;
}

/** Smaller modules are rewritten before a thread has started. */
const LARGE_CODE_BYTES = 2 << 20;

/** Rewrites `module` once `check` has found nothing wrong with it, with help if it is large. */
export async function rewriteValidated(
  module: Module,
  options: InjectOptions,
  check: () => void,
  helpers: RewriteHelpers | undefined,
): Promise<Injected> {
  const helper = isLarge(module) ? helpers?.start() : undefined;
  try {
    check();
    return helper === undefined ? inject(module, options) : await injectTogether(module, options, helper.help);
  } finally {
    helper?.close();
  }
}

function isLarge({ bodies }: Module): boolean {
  const [first, last] = [bodies[0], bodies[bodies.length - 1]];
  return first !== undefined && last !== undefined && last.body.end - first.body.start >= LARGE_CODE_BYTES;
}
