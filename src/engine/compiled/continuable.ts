/**
 * What keeps a module from being captured once it has been rewritten: a function so large that the code which continues a
 * frame of it could outgrow V8's limit. That must be known before a guest leaves its frames, as there is no other way back.
 */
import { FtWasmError } from '../../errors.js';
import type { CaptureObstacle, Place } from '../../inject/index.js';
import { LIMITS } from '../../wasm/limits.js';
import type { Module } from '../../wasm/module.js';
import { rewrittenBodies } from './rewritten-bodies.js';

/**
 * Code that continues a frame holds the rest of the function, and each loop around the place once more. The largest functions
 * of clang, Ruby and PHP take a quarter of this.
 */
const CONTINUED_BYTES_MAX = LIMITS.bodyBytes / 4;

/** The first function that is too large. */
export function tooLargeToContinue(module: Module, rewritten: Uint8Array): CaptureObstacle | undefined {
  for (const { at, functionIndex, size } of rewrittenBodies(module, rewritten)) {
    if (size <= CONTINUED_BYTES_MAX) continue;
    const what = `${size} bytes of rewritten code are too large for frames to be continued`;
    return { functionIndex, offset: module.bodies[at]!.body.start, what };
  }
  return undefined;
}

/** The error where V8 does not take the code that continues a frame all the same. */
export function notContinued({ functionIndex, offset }: Place, cause: Error): FtWasmError {
  const message = `the frame in function ${functionIndex} at offset 0x${offset.toString(16)} cannot be continued by the compiled engine, the interpreter can (--engine interpreter): ${cause.message}`;
  return new FtWasmError('FTW_LIMIT', message, { functionIndex, offset }, { cause });
}
