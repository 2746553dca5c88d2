/** Snapshots that a recording is given while its guest runs, so that a replay can begin near the place it is wanted for. */
import { SnapshotRelay } from '../../snapshot/index.js';
import { deflate } from '../../snapshot/node/deflate.js';
import { encodeSnapshotPiece, encodeSnapshotPlace } from '../recorded-snapshots.js';
import { isSnapshotDue, type SnapshotInterval } from '../snapshot-interval.js';
import { GUEST_ENDED, type GuestThread } from './guest-thread.js';
import type { Recorder } from './recorder.js';

const LOOK_MS = 10;

export class PeriodicSnapshots {
  #number = 0;
  #relay = new SnapshotRelay(deflate);
  #isUnderWay = false;
  #lastCounter = 0;
  #startedMs = 0;
  #lastMs = 0;
  #tookMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly every: SnapshotInterval,
    private readonly guest: GuestThread,
    private readonly recorder: Recorder,
    private readonly onWarning: ((message: string) => void) | undefined,
  ) {}

  /** The guest runs. */
  start(): void {
    this.#startedMs = performance.now();
    this.#lastMs = this.#startedMs;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  piece(piece: Uint8Array, last: boolean): void {
    const chunks = this.#relay.push(piece);
    const number = this.#number;
    const { length } = piece;
    const written = () => this.guest.stateCredit(number, length);
    if (chunks.length === 0) written();
    for (const [at, chunk] of chunks.entries()) {
      const isEnd = at === chunks.length - 1;
      this.recorder.append(encodeSnapshotPiece(this.#number, chunk, last && isEnd), isEnd ? written : undefined);
    }
    if (!last) return;
    this.#isUnderWay = false;
    this.#tookMs = performance.now() - this.#lastMs;
  }

  captured(event: number, counter: number): void {
    this.recorder.append(encodeSnapshotPlace(this.#number, { event, counter }));
  }

  /** A guest that cannot be captured now cannot be later. */
  failed(reason: string): void {
    this.#isUnderWay = false;
    this.stop();
    if (reason === GUEST_ENDED || this.every === 'auto') return;
    this.onWarning?.(`the recording has no further snapshots: ${reason}`);
  }

  #look(): void {
    if (this.#isUnderWay || !this.#isDue()) return;
    this.#lastCounter = this.guest.executed.counter;
    this.#lastMs = performance.now();
    this.#isUnderWay = true;
    this.#relay = new SnapshotRelay(deflate);
    this.guest.capture(++this.#number);
  }

  #isDue(): boolean {
    const nowMs = performance.now();
    return isSnapshotDue(this.every, {
      instructions: this.guest.executed.counter - this.#lastCounter,
      ms: nowMs - this.#lastMs,
      runMs: nowMs - this.#startedMs,
      tookMs: this.#tookMs,
    });
  }
}
