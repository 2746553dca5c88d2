/**
 * Keeps the live guest from running away: paused while too many log bytes wait for release or for a backup's execution
 * (R7), throttled while a backup's execution lags (R8).
 */
import type { Context } from './context.js';
import { LagControl } from './lag.js';
import { LogMarks } from './log-marks.js';

export class FlowControl {
  readonly #context: Context;
  readonly #marks = new LogMarks();
  readonly #lag: LagControl;
  #paused = false;

  constructor(context: Context) {
    this.#context = context;
    this.#lag = new LagControl(context.config.lagTargetMs);
  }

  logged(lastEvent: number, bytes: number): void {
    this.#marks.push(lastEvent, bytes, this.#context.nowMs);
  }

  /** `executedEvent` is that of the slowest backup; the last event if there is none. */
  update(releasedEvent: number, executedEvent: number): void {
    const { logBytesMax, backlogBytesMax } = this.#context.config;
    this.#marks.drop(Math.min(releasedEvent, executedEvent));
    const heldShare = this.#marks.bytesAfter(releasedEvent) / logBytesMax;
    const backlogShare = this.#marks.bytesAfter(executedEvent) / backlogBytesMax;
    this.#setPaused(Math.max(heldShare, backlogShare));
  }

  /** Once per heartbeat. */
  tick(executedEvent: number): void {
    const nowMs = this.#context.nowMs;
    const level = this.#lag.update(this.#marks.ageAfter(executedEvent, nowMs), nowMs);
    if (level !== undefined) this.#context.emit({ type: 'throttle', level });
  }

  /** Paused when a buffer is full, resumed when both are half empty: no flutter at the brim. */
  #setPaused(fill: number): void {
    if (!this.#paused && fill >= 1) {
      this.#paused = true;
      this.#context.emit({ type: 'pause-log' });
    } else if (this.#paused && fill < 0.5) {
      this.#paused = false;
      this.#context.emit({ type: 'resume-log' });
    }
  }
}
