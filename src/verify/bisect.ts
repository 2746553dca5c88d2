/**
 * Which instruction of a gap the engines execute differently.
 *
 * The compiled engine cannot stop between two points, but it can be started anywhere: from the interpreter's state after n
 * instructions of the gap it runs to the gap's end. As long as the interpreter has done what the compiled engine did, that
 * end is the one that the compiled engine reached by itself; from the instruction on that they execute differently it is
 * another one. So the instruction is found by bisection over n, whichever engine is wrong.
 */

import type { DebugSession } from '../engine/interpreter/index.js';
import type { TypedBits } from '../engine/state.js';
import { invariant } from '../errors.js';
import { differenceOf } from './difference.js';
import type { LiveLocals } from './live-locals.js';
import type { Gap } from './lockstep.js';
import type { Checkpoint, Point } from './point.js';
import type { Side } from './side.js';
import type { Stepper } from './stepper.js';

export interface FoundInstruction {
  /** Executed instructions before it. */
  readonly counter: number;
  readonly functionIndex: number;
  /** In the module. */
  readonly offset: number;
  /** Its name. */
  readonly instruction: string;
  /** The operand stack of the innermost function before it, bottom first, and what the interpreter has there behind it. */
  readonly before: readonly TypedBits[];
  readonly after: readonly TypedBits[];
}

export class Bisection {
  /** What the compiled engine reaches by itself. */
  private readonly own: Point;

  constructor(
    private readonly gap: Gap,
    private readonly compiled: Side,
    private readonly stepper: Stepper,
    private readonly live: LiveLocals,
  ) {
    this.own = this.runFrom(gap.from);
  }

  find(): FoundInstruction {
    let same = this.gap.from?.engine.counter ?? 0;
    let other = this.lastCounter(same);
    for (let limit = other; limit - same > 1; ) {
      const middle = same + Math.floor((limit - same) / 2);
      // Between a call and its callee's first instruction there is no state to start from: one step later there is.
      const state = this.stateAt(middle) ?? this.stateAt(middle + 1)!;
      const { counter } = state.engine;
      if (counter >= other) limit = middle;
      else if (this.reachesSame(state)) same = counter;
      else limit = other = counter;
    }
    return this.describe(same, other);
  }

  private reachesSame(state: Checkpoint): boolean {
    return differenceOf(this.own, this.runFrom(state), this.live) === undefined;
  }

  private runFrom(state: Checkpoint | undefined): Point {
    this.compiled.begin(state, this.gap.pace);
    return this.compiled.next();
  }

  /** How far the interpreter gets within the gap. */
  private lastCounter(start: number): number {
    this.stepper.begin(this.gap.from, this.gap.pace);
    return Math.max(start + 1, this.stepper.next().counter);
  }

  private stateAt(counter: number): Checkpoint | undefined {
    return this.atStop(counter, (session) =>
      session.isEntering ? undefined : this.stepper.checkpoint(session.state()),
    );
  }

  private describe(same: number, other: number): FoundInstruction {
    const top = this.atStop(same, (session) => session.frames()[0]);
    invariant(top !== undefined, `no instruction waits at counter ${same}`);
    const next = this.atStop(other, (session) => session.frames()[0]);
    const { functionIndex, instruction, offset, operands } = top;
    return { counter: same, functionIndex, offset, instruction, before: operands, after: next?.operands ?? [] };
  }

  /** Runs the interpreter to exactly `counter` and looks. */
  private atStop<T>(counter: number, look: (session: DebugSession) => T): T {
    const { gap, stepper } = this;
    const session = stepper.debug(gap.from, gap.pace, counter);
    try {
      session.runTo(counter);
      return look(session);
    } finally {
      session.close();
    }
  }
}
