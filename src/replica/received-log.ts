/** A backup's log: how far it has come, of which history it is, and its end, for others that may be short of it. */
import { LogHistory } from './log-end.js';
import type { LogBatch, LogEnd, Welcome } from './messages.js';
import { RetainedLog } from './retained-log.js';

export class ReceivedLog {
  readonly #history = new LogHistory();
  readonly #bytesMax: number;
  #retained: RetainedLog;
  #event = 0;

  /** `bytesMax`: at most so much of it is kept. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#retained = new RetainedLog(bytesMax);
  }

  /** Last event received. */
  get event(): number {
    return this.#event;
  }

  get end(): LogEnd {
    return this.#history.end(this.#event);
  }

  /** See {@link LogHistory.endsAt}. */
  get ends(): readonly LogEnd[] {
    return this.#history.endsAt(this.#event);
  }

  get retained(): RetainedLog {
    return this.#retained;
  }

  follow({ reign, history }: Welcome): void {
    this.#history.follow(reign, history, this.#event);
  }

  /** The guest's state is that of `event`: the log goes on from there. */
  begin(event: number): void {
    this.#event = event;
    this.#retained = new RetainedLog(this.#bytesMax, event);
    this.#history.received(event);
  }

  /** Returns what is wrong with the batch, if anything is. */
  append(batch: LogBatch): string | undefined {
    const { firstEvent, lastEvent } = batch;
    if (firstEvent !== this.#event + 1 || lastEvent < firstEvent) {
      return `it sent events ${firstEvent} to ${lastEvent} after event ${this.#event}`;
    }
    this.#event = lastEvent;
    this.#retained.push(batch);
    this.#history.received(lastEvent);
    return undefined;
  }

  /** Every backup has the log up to `event`. */
  isEverywhere(event: number): void {
    this.#retained.drop(event);
  }
}
