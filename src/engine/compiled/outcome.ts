/** What the end of a run means: errors of V8 become outcomes of the guest, or the host's own failures. */
import { FtWasmError, invariant } from '../../errors.js';
import type { Outcome } from '../engine.js';
import { LEAVING } from './exchange.js';
import { trapCodeOf } from './traps.js';
import { WebAssembly } from './webassembly.js';

/** Outcome of an error that V8 raised in guest code. @throws `error` itself if the guest is not to blame */
export function outcomeOf(error: unknown, counter: number): Outcome {
  if (error instanceof WebAssembly.RuntimeError) {
    return { kind: 'trapped', counter, trap: trapCodeOf(error.message), message: error.message };
  }
  if (isException(error)) {
    return { kind: 'trapped', counter, trap: 'uncaught-exception', message: 'uncaught WebAssembly exception' };
  }
  // No handler of WebAssembly code catches it, those for captures neither: V8 sees to that.
  if (error instanceof RangeError) {
    const message = `the engine's own stack overflowed before the guest's limit; lower the stack limit or give the thread a larger stack: ${error.message}`;
    throw new FtWasmError('FTW_HOST', message, { counter }, { cause: error });
  }
  // Host functions throw nothing into the guest, see host-calls.ts: its frames would take that for a capture.
  invariant(error !== LEAVING, 'frames were left, and nothing is captured');
  throw error;
}

export function isException(error: unknown): boolean {
  const { Exception } = WebAssembly;
  return Exception !== undefined && error instanceof Exception;
}
