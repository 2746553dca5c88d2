/** A run under control: stops at any counter, shows what is there, goes on. */

import { ValType } from '../../wasm/module.js';
import type { Outcome } from '../engine.js';
import { type GuestFrame, readFrames, type TypedBits } from './frames.js';
import type { InstanceSpaces } from './instantiate.js';
import type { Runner, Stopped } from './runner.js';

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
    ref: number,
    args: readonly unknown[],
  ) {
    this.outer = runner.suspend();
    this.ended = runner.begin(ref, args);
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
    return readFrames(this.spaces.machine, this.runner.pc, this.runner.fp);
  }

  /** Every global of the instance, by index. */
  globals(): TypedBits[] {
    const { view } = this.spaces.machine.memory;
    return this.spaces.globals.map(({ type, address }) => {
      const high = type === ValType.V128 ? view.getBigUint64(address + 8, true) << 64n : 0n;
      return { type: type as ValType, bits: view.getBigUint64(address, true) | high };
    });
  }

  /** Gives the instance back; a run that has not ended is abandoned. */
  close(): void {
    this.runner.unsuspend(this.outer);
  }
}
