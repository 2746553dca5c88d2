/** A run under control: stops at any counter, shows what is there, goes on. */

import { invariant } from '../../errors.js';
import type { ValType } from '../../wasm/module.js';
import type { Outcome } from '../engine.js';
import type { EngineState, TypedBits } from '../state.js';
import type { CapturedRun } from './captured-run.js';
import { type GuestFrame, named, readFrames } from './frames.js';
import type { InstanceSpaces } from './instantiate.js';
import type { Runner, Stopped } from './runner.js';

/** A capture that is asked for waits until the session is closed: its frames are there to be looked at. */
const NEVER_OUTERMOST = 2;

/**
 * Made by `InterpreterInstance.debug`. While it is open the instance must not be called otherwise (host functions may).
 * @example
 * const session = instance.debug('run', [10]);
 * while (session.step().kind === 'stopped') console.log(session.frames()[0]);
 * session.close();
 */
export class DebugSession {
  private readonly outer;
  private ended: Outcome | undefined;

  constructor(
    private readonly runner: Runner,
    private readonly spaces: InstanceSpaces,
    private readonly captured: CapturedRun,
    /** Puts frames onto the stack; a trap if there is no room for them. */
    begin: () => Outcome | undefined,
  ) {
    this.outer = runner.suspend();
    runner.host.gate.nesting += NEVER_OUTERMOST;
    this.ended = begin();
  }

  get counter(): number {
    return this.runner.counter;
  }

  /**
   * Runs until exactly `counter` instructions have been executed, or to the end. A place where entering a function is
   * counted but nothing of it executed is one of its own. @throws FtWasmError FTW_HOST, or what a host function throws
   */
  runTo(counter: number): Outcome | Stopped {
    if (this.ended !== undefined) return this.ended;
    const result = this.runner.resume(counter);
    if (result.kind !== 'stopped') this.ended = result;
    return result;
  }

  /** Executes `count` more instructions. */
  step(count = 1): Outcome | Stopped {
    return this.runTo(this.counter + count);
  }

  /** The call stack, innermost first; empty when the run has ended. */
  frames(): GuestFrame[] {
    if (this.ended !== undefined) return [];
    return named(this.spaces.module, this.readFrames());
  }

  /**
   * Whether the run stands in front of a function's first instruction with the entering not counted yet. There is no state
   * for that place: one step later there is one.
   */
  get isEntering(): boolean {
    const { code, pc } = this.spaces.machine;
    return this.ended === undefined && code.find(pc)?.stepping === false;
  }

  /** The state at the stop, from which either engine runs on. Memory is a view. @throws FTW_UNSUPPORTED */
  state(): EngineState {
    invariant(!this.isEntering, 'a state inside of what entering a function counts');
    return this.captured.stateWith(this.ended === undefined ? this.readFrames().reverse() : []);
  }

  private readFrames() {
    const { machine } = this.spaces;
    const { fp, pc } = machine;
    return readFrames(this.captured.access, { pc, fp, waiting: !this.isEntering, pendingResults: 0 });
  }

  /** Every global of the instance, by index. */
  globals(): TypedBits[] {
    const { bits } = this.captured.access;
    return this.spaces.globals.map(({ type, address }) => bits.read(address, type as ValType));
  }

  /** Gives the instance back; a run that has not ended is abandoned. */
  close(): void {
    this.runner.host.gate.nesting -= NEVER_OUTERMOST;
    this.runner.unsuspend(this.outer);
  }
}
