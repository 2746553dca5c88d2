/** What the end of a run means: errors of V8 become outcomes of the guest, or the host's own failures. */
import { FtWasmError } from '../../errors.js';
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
  if (error instanceof RangeError) throw outOfHostStack(counter, error);
  // A frame that was to save itself although there is no capture: its call had no stack left.
  if (error === LEAVING) throw outOfHostStack(counter);
  throw error;
}

/** The engine's stack ended before the guest's did. */
export function outOfHostStack(counter: number, cause?: RangeError): FtWasmError {
  const why = cause === undefined ? '' : `: ${cause.message}`;
  const message = `the engine's own stack overflowed before the guest's limit; lower the stack limit or give the thread a larger stack${why}`;
  return new FtWasmError('FTW_HOST', message, { counter }, { cause });
}

/**
 * Whether the stack has room for whatever saves a frame, which is called no deeper than this. If it overflowed there, the
 * frame's caller would take that for the frame having been saved.
 */
export function hasRoomToLeave(): boolean {
  try {
    nothing.apply(undefined, ROOM_TO_LEAVE);
    return true;
  } catch (thrown) {
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}

const nothing = (..._: readonly unknown[]) => {};
/** For {@link hasRoomToLeave}: several times as many arguments as the largest function that saves values has. */
const ROOM_TO_LEAVE: unknown[] = new Array(8192).fill(0);

export function isException(error: unknown): boolean {
  const { Exception } = WebAssembly;
  return Exception !== undefined && error instanceof Exception;
}
