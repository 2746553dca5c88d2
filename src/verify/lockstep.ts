/** Two engines side by side: the recording is replayed on both, from point to point, until they differ or end alike. */
import { type Difference, differenceOf } from './difference.js';
import type { LiveLocals } from './live-locals.js';
import { type Checkpoint, copyOf, type Point } from './point.js';
import type { Pace, Side } from './side.js';

/** The stretch in which the engines part: equal where it begins, different where it ends. */
export interface Gap {
  /** Undefined at the start of the run. */
  readonly from: Checkpoint | undefined;
  readonly pace: Pace;
  readonly points: readonly [Point, Point];
  readonly difference: Difference;
}

export interface Agreement {
  /** The end of both. */
  readonly end: Point;
  /** Points that were compared. */
  readonly compared: number;
}

/** How much closer the points of each further look are. */
const REFINEMENT = 64;

export class Lockstep {
  constructor(
    private readonly sides: readonly [Side, Side],
    private readonly live: LiveLocals,
    private readonly onPoint: (counter: number) => void = () => {},
  ) {}

  /** From `start` to the first difference, or to the end. */
  run(start: Checkpoint | undefined, pace: Pace): Gap | Agreement {
    const [first, second] = this.sides;
    let from = start;
    first.begin(from, pace);
    second.begin(from, pace);
    for (let compared = 1; ; compared++) {
      const points = [first.next(), second.next()] as const;
      const difference = differenceOf(...points, this.live);
      if (difference !== undefined) return { from, pace, points, difference };
      const [point] = points;
      if (point.kind !== 'captured') return { end: point, compared };
      from = copyOf(point.checkpoint);
      this.onPoint(point.counter);
    }
  }

  /**
   * The same stretch with closer and closer points, at last every loop header, every entry of a function that can recurse
   * and every host call. Undefined if the engines agree when they are looked at more closely.
   */
  narrow(gap: Gap): Gap | undefined {
    let found = gap;
    while (!found.pace.atCalls) {
      const sliceFuel = Math.max(1, Math.floor(found.pace.sliceFuel / REFINEMENT));
      const closer = this.run(found.from, { sliceFuel, atCalls: sliceFuel === 1 });
      if (!('difference' in closer)) return undefined;
      found = closer;
    }
    return found;
  }
}
