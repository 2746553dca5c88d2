/** How much of a busy guest's time goes to work beside it: a share, saved up, and never much at a stretch. */
import type { HostClock } from '../../host/services.js';

/** Of the guest's time. */
const SHARE = 0.2;
/** Longest stretch, in ms: clients of a busy guest must not notice it. */
export const STRETCH_MS = 0.5;
/** Shorter stretches are not worth the look at the clock. */
const STRETCH_MS_MIN = 0.05;

export class DutyCycle {
  #savedMs = 0;
  #lastMs: number;

  constructor(private readonly clock: HostClock) {
    this.#lastMs = this.nowMs;
  }

  get nowMs(): number {
    return Number(this.clock.monotonicNs() / 100n) / 1e4;
  }

  /** Calls `work` with the time by which it must be done, if enough has been saved up since the last call. */
  run(work: (untilMs: number) => void): void {
    const now = this.nowMs;
    this.#savedMs = Math.min(STRETCH_MS, this.#savedMs + ((now - this.#lastMs) * SHARE) / (1 - SHARE));
    this.#lastMs = now;
    if (this.#savedMs < STRETCH_MS_MIN) return;
    work(now + this.#savedMs);
    this.#lastMs = this.nowMs;
    this.#savedMs -= this.#lastMs - now;
  }

  /** Nobody waits for the guest: one stretch for nothing. */
  spend(work: (untilMs: number) => void): void {
    work(this.nowMs + STRETCH_MS);
    this.#lastMs = this.nowMs;
  }
}
