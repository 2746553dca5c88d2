/**
 * Whether a run is to be captured, and where it was when that happened. The loop only has to stop for it: frames stay where
 * they are in linear memory until somebody reads them.
 */
import { FtWasmError } from '../../errors.js';
import { GuestStop } from '../engine.js';

/** Where a captured run goes on. */
export interface CapturePoint {
  /** Code address of the innermost frame; that of `halt` if there is none. */
  readonly pc: number;
  readonly fp: number;
  /** A host function (by reference) that has not answered, and the address of its arguments. */
  readonly call?: { readonly ref: number; readonly at: number };
}

export class CaptureGate {
  /** A capture was asked for. */
  wanted = false;
  /** Runs that are under way: more than one when a host function calls an export. Only the outermost is captured. */
  nesting = 0;
  point: CapturePoint | undefined;

  constructor(private readonly onStanding: (stands: boolean) => void) {}

  /** What was captured is about to run on. */
  goOn(): void {
    this.point = undefined;
    this.onStanding(false);
  }

  /** Runs `look`, where a request for a capture may be thrown as well. @throws what it throws otherwise */
  whileLooking(look: () => void): void {
    try {
      look();
    } catch (thrown) {
      if (!asksForCapture(thrown)) throw thrown;
      this.wanted = true;
    }
  }

  /** A place for the capture, if one is wanted; without any frame there is nothing to be captured. @throws GuestStop */
  pass(pc: number, fp: number, halt: number): void {
    if (!this.wanted || this.nesting !== 1) return;
    this.wanted = false;
    if (pc !== halt) throw this.stop({ pc, fp });
  }

  /** What to throw on when a host function has thrown. */
  thrownBy(thrown: unknown, point: CapturePoint): unknown {
    if (!asksForCapture(thrown)) return thrown;
    return this.nesting === 1 ? this.stop(point) : cannotCapture('a run inside another one');
  }

  private stop(point: CapturePoint): GuestStop {
    this.onStanding(true);
    this.wanted = false;
    this.point = point;
    return new GuestStop({ kind: 'captured' });
  }
}

function asksForCapture(thrown: unknown): boolean {
  return thrown instanceof GuestStop && thrown.stop.kind === 'captured';
}

export function cannotCapture(what: string): FtWasmError {
  return new FtWasmError('FTW_UNSUPPORTED', `${what} cannot be captured`);
}
