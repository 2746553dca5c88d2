/** The interpreter's half of a comparison, which can stop at every instruction. */
import type { DebugSession, InterpreterInstance } from '../engine/interpreter/index.js';
import type { Checkpoint } from './point.js';
import { type Pace, Side } from './side.js';

export class Stepper extends Side<InterpreterInstance> {
  /** A session in the stretch that begins at `from`, and in that function of the module which runs at `counter`. */
  debug(from: Checkpoint | undefined, pace: Pace, counter: number): DebugSession {
    this.begin(from, pace);
    if (from !== undefined) return this.instance.debugCaptured();
    const { start } = this.instance.module;
    if (start !== undefined) {
      const started = this.instance.start();
      if (started.kind !== 'returned' || started.counter >= counter) {
        this.begin(from, pace);
        return this.instance.debug(start, []);
      }
    }
    this.starting = false;
    return this.instance.debug('_start', []);
  }
}
