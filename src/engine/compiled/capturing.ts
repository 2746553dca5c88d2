/**
 * The captures of one instance. A capture begins where the guest looks up (a check) or comes back from the host; its global
 * `halt` then makes every function save its frame and leave. What is captured runs on from here as often as wanted.
 */
import { FtWasmError } from '../../errors.js';
import type { CaptureObstacle } from '../../inject/index.js';
import type { FuncType } from '../../wasm/module.js';
import type { BoundaryValue } from '../engine.js';
import type { Frame, PendingCall, TypedBits } from '../state.js';
import { bitsOf, boundaryValue, type References } from './bits.js';
import { externalReference, holdsExternal } from './contents.js';
import type { Resumer } from './resumer.js';

export class Capturing {
  /** Outermost first. */
  frames: readonly Frame[] = [];
  pendingCall: PendingCall | undefined;
  /** Results of the host call at which the capture began. */
  private answers: readonly TypedBits[] = [];

  constructor(
    private readonly resumer: Resumer,
    private readonly references: References,
  ) {}

  /** At a check: nothing is under way. */
  beginAtCheck(): void {
    this.begin([], undefined);
  }

  /** The host has answered. */
  beginAfterCall(type: FuncType, result: unknown): void {
    this.begin(this.answer(type, result), undefined);
  }

  /** What a host function's result is to the guest. */
  answer({ results }: FuncType, result: unknown): TypedBits[] {
    const values = results.length > 1 ? [...(result as Iterable<unknown>)] : [result];
    return results.map((type, at) => bitsOf(type, values[at], this.references));
  }

  /** The host has not answered and will be asked again. */
  beginBeforeAnswer(functionIndex: number, { params }: FuncType, args: readonly unknown[]): void {
    const bits = params.map((type, at) => bitsOf(type, args[at], this.references));
    this.begin([], { functionIndex, args: bits });
  }

  /**
   * All frames are saved. `outer` are frames that were not running. Answers the results of the host call if there was no
   * frame that could wait for them, so that the run has simply ended.
   */
  finish(outer: readonly Frame[]): readonly TypedBits[] | undefined {
    const inner = this.resumer.frames();
    this.frames = [...outer, ...inner];
    const innermost = this.frames.at(-1);
    if (innermost === undefined && this.pendingCall === undefined) return this.answers;
    if (innermost !== undefined && this.answers.length > 0) {
      const complete = { ...innermost, operands: [...innermost.operands, ...this.answers] };
      this.frames = [...this.frames.slice(0, -1), complete];
    }
    return undefined;
  }

  /** Nothing is captured any more. */
  clear(): void {
    this.frames = [];
    this.pendingCall = undefined;
  }

  /** @throws FTW_UNSUPPORTED for external references: no other instance could know them */
  checkPortable(): void {
    const values = [...this.frames.flatMap(({ locals, operands }) => [...locals, ...operands])];
    if (holdsExternal([...values, ...(this.pendingCall?.args ?? [])])) throw externalReference();
  }

  values(bits: readonly TypedBits[]): BoundaryValue[] {
    return bits.map((each) => boundaryValue(each, this.references));
  }

  private begin(answers: readonly TypedBits[], pendingCall: PendingCall | undefined): void {
    this.answers = answers;
    this.pendingCall = pendingCall;
  }
}

/** `obstacle`: where it is in the module; without one, capture was switched off. */
export function cannotCapture(obstacle: CaptureObstacle | undefined): FtWasmError {
  if (obstacle === undefined) {
    return new FtWasmError(
      'FTW_UNSUPPORTED',
      'this module cannot be captured: that was switched off when it was prepared',
    );
  }
  const { functionIndex, offset, what } = obstacle;
  const message = `this module cannot be captured: ${what}, in function ${functionIndex} at offset 0x${offset.toString(16)}`;
  return new FtWasmError('FTW_UNSUPPORTED', message, { functionIndex, offset });
}

export function insideHandler(): FtWasmError {
  const message = 'the guest cannot be captured now: it waits for the host inside of an exception handler';
  return new FtWasmError('FTW_UNSUPPORTED', message);
}
