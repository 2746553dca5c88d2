/**
 * The whole state of a guest, whatever engine runs it: what a snapshot carries and what both engines write and read.
 *
 * The canonical form names places in the original module. A frame is (function, offset of the next instruction, typed
 * locals, typed operands); return addresses, registers and translated code do not occur. The stack budget is not stored:
 * it is the configured budget less the units of the frames (`frameUnits` in src/inject).
 */
import type { ValType } from '../wasm/module.js';

/**
 * A value as its bits: integers and floats unsigned in their own width (32, 64 or 128 bits), function references as an
 * original function index. Null references are {@link NULL_REFERENCE}; other external references cannot be captured.
 */
export interface TypedBits {
  readonly type: ValType;
  readonly bits: bigint;
}

export const NULL_REFERENCE = -1n;

/** One activation of a guest function. */
export interface Frame {
  /** In the original function index space, imports first. */
  readonly functionIndex: number;
  /**
   * Byte offset, in the original module, of the instruction that is executed next: after the call that is under way; at
   * a pre-emption point the first instruction of the loop's body or of the function.
   */
  readonly offset: number;
  /** Parameters and locals. Those that no execution can read any more may be zero. */
  readonly locals: readonly TypedBits[];
  /**
   * The operand stack, bottom first. Without the results of the call that is under way: the frame above brings them, or
   * the host call of {@link EngineState.pendingCall}.
   */
  readonly operands: readonly TypedBits[];
}

/** A host call that was not answered: whoever resumes makes it, with the counter as it is. */
export interface PendingCall {
  /** Index of the imported function. */
  readonly functionIndex: number;
  readonly args: readonly TypedBits[];
}

export interface EngineState {
  /** Executed instructions, exact. */
  readonly counter: number;
  /** Counter from which on the next pre-emption point calls `onSlice`. */
  readonly sliceEnd: number;
  /** Outermost first; empty between runs. */
  readonly frames: readonly Frame[];
  readonly pendingCall?: PendingCall;
  /** Contents of each memory, whole pages. Views of the running guest: copy what must outlive its next step. */
  readonly memories: readonly Uint8Array[];
  /** Every mutable global by its index; the others follow from the module. */
  readonly globals: readonly GlobalState[];
  /** Elements of each table. */
  readonly tables: readonly (readonly bigint[])[];
  /** Indices of the passive segments that `data.drop` and `elem.drop` have dropped. */
  readonly droppedData: readonly number[];
  readonly droppedElements: readonly number[];
}

export interface GlobalState extends TypedBits {
  readonly index: number;
}
