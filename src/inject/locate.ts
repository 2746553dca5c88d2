/**
 * From a place in the rewritten module back to the original one. Nothing is kept for that: the pass is deterministic, so it
 * is repeated, and notes for the one function concerned which instruction each piece of its code comes from. That takes as
 * long as rewriting did, but is needed once, when a guest has trapped.
 */
import type { Module } from '../wasm/module.js';
import { Injection } from './inject.js';
import { DEFAULT_INJECT_OPTIONS, type InjectOptions } from './options.js';
import { Trace } from './trace.js';

/** A place in the original module. */
export interface OriginalPlace {
  /** Original function index. */
  readonly functionIndex: number;
  /** Byte offset of the instruction; of the function's first one for the code that the pass puts in front. */
  readonly offset: number;
}

/**
 * The instruction from which the code at byte `offset` of the rewritten module comes, in its function `index`; undefined
 * for functions that are not the guest's.
 */
export function locateOriginal(
  module: Module,
  options: InjectOptions = DEFAULT_INJECT_OPTIONS,
  index: number,
  offset: number,
): OriginalPlace | undefined {
  const injection = new Injection(module, { ...options, onProgress: () => {} });
  const defined = index - injection.layout.definedStart;
  if (defined < 0 || defined >= module.bodies.length) return undefined;
  const trace = new Trace(module.bodies[defined]!.code.start);
  const { bytes } = injection.run({ at: defined, trace });
  const functionIndex = injection.layout.importedFunctions + defined;
  return { functionIndex, offset: trace.originalAt(offset - injection.bodyOffset(trace, bytes)) };
}
