/**
 * A few words that guest thread and I/O thread share without messages: the executed position (written by the guest,
 * read for acknowledgements and status), the throttle (written by the protocol's lag control, rule R8), and how far outputs
 * are released (rule R1), for what the guest's thread does to the outside world by itself; which capture is wanted, and how
 * much of its state may come.
 *
 * Bytes: 0 to 31 words, 32 to 47 the executed position as doubles, 48 to 55 the released event.
 */
import type { Position } from '../log/entry.js';

const THROTTLE = 0;
const PAUSED = 1;
const STOPPED = 2;
const CAPTURE = 3;
const STATE_CREDIT = 4;

export class ControlBlock {
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #released: BigInt64Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(64)) {
    this.#words = new Int32Array(buffer, 0, 8);
    this.#doubles = new Float64Array(buffer, 32, 2);
    this.#released = new BigInt64Array(buffer, 48, 1);
  }

  /** The last position the guest reached. Counter and event are read apart: good for lag and status, not for logic. */
  get executed(): Position {
    return { counter: this.#doubles[0], event: this.#doubles[1] };
  }

  setExecuted(counter: number, event: number): void {
    this.#doubles[0] = counter;
    this.#doubles[1] = event;
  }

  /** Share of time that the guest should sleep, 0 to 1. */
  get throttle(): number {
    return Atomics.load(this.#words, THROTTLE) / 1000;
  }

  set throttle(level: number) {
    Atomics.store(this.#words, THROTTLE, Math.round(Math.min(Math.max(level, 0), 0.99) * 1000));
  }

  /** Everything up to `event` is acknowledged; wakes a guest that waits for it. */
  release(event: number): void {
    Atomics.store(this.#released, 0, BigInt(Math.min(event, Number.MAX_SAFE_INTEGER)));
    Atomics.notify(this.#released, 0);
  }

  /** Blocks the guest's thread until everything up to `event` is acknowledged, or it is stopped. */
  waitReleased(event: number): void {
    for (;;) {
      const released = Atomics.load(this.#released, 0);
      if (released >= event || this.stopped) return;
      Atomics.wait(this.#released, 0, released, 100);
    }
  }

  /** While paused, the guest waits before it logs anything more (rule R7). */
  get paused(): boolean {
    return Atomics.load(this.#words, PAUSED) !== 0;
  }

  set paused(value: boolean) {
    Atomics.store(this.#words, PAUSED, value ? 1 : 0);
    if (!value) Atomics.notify(this.#words, PAUSED);
  }

  /** Blocks the guest's thread while it is paused and not stopped. */
  waitWhilePaused(): void {
    while (this.paused && !this.stopped) Atomics.wait(this.#words, PAUSED, 1, 100);
  }

  /** Number of the capture that is wanted; 0 for none. */
  get capture(): number {
    return Atomics.load(this.#words, CAPTURE);
  }

  /** Bytes of that capture's state that were passed on, modulo 2^32. */
  get stateCredit(): number {
    return Atomics.load(this.#words, STATE_CREDIT) >>> 0;
  }

  /** Wants capture `number` and none other, from the start; the guest looks at this when it is woken, at the latest. */
  wantCapture(number: number): void {
    Atomics.store(this.#words, STATE_CREDIT, 0);
    Atomics.store(this.#words, CAPTURE, number);
  }

  addStateCredit(bytes: number): void {
    Atomics.add(this.#words, STATE_CREDIT, bytes);
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, STOPPED) !== 0;
  }

  stop(): void {
    Atomics.store(this.#words, STOPPED, 1);
    Atomics.notify(this.#released, 0);
    this.paused = false;
  }

  /** Blocks the calling thread for `ms` (Atomics.wait on a word that nobody notifies, so stop and pause are seen after it). */
  sleep(ms: number): void {
    Atomics.wait(this.#words, 7, 0, ms);
  }
}
