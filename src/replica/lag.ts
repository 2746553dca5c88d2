/**
 * Lag control (R8): the primary is slowed smoothly when a backup's execution falls behind the target, and sped up
 * again when it recovers. An integrating controller: the level rises in proportion to how far the lag is past the
 * target, and falls at the same rate below it, so that it settles where both sides run at the same speed.
 */
const STEPS = 100;
/** Level per second for a lag of twice the target. */
const GAIN_PER_SECOND = 1;
const ERROR_MAX = 4;

export class LagControl {
  readonly #targetMs: number;
  #level = 0;
  #reported = 0;
  #lastMs: number | undefined;

  constructor(targetMs: number) {
    this.#targetMs = targetMs;
  }

  /** Takes the current lag; returns the new level (0 to 1, in steps of 0.01) if it has changed. */
  update(lagMs: number, nowMs: number): number | undefined {
    const elapsedMs = Math.min(nowMs - (this.#lastMs ?? nowMs), this.#targetMs);
    this.#lastMs = nowMs;
    const error = Math.min(ERROR_MAX, (lagMs - this.#targetMs) / this.#targetMs);
    this.#level = Math.min(1, Math.max(0, this.#level + (error * GAIN_PER_SECOND * elapsedMs) / 1000));
    const rounded = Math.round(this.#level * STEPS) / STEPS;
    if (rounded === this.#reported) return undefined;
    this.#reported = rounded;
    return rounded;
  }
}
