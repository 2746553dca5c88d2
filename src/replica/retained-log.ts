/**
 * The end of the log, kept until every backup has it: after a failover the new primary sends the others what they are
 * short of, so that they need not be given its whole state. Bounded; what no longer fits is forgotten, oldest first.
 */
import type { LogBatch } from './messages.js';

/** Removed batches are compacted away once there are so many. */
const COMPACT_MIN = 256;

export class RetainedLog {
  #batches: LogBatch[] = [];
  /** Index of the first batch that is still kept. */
  #head = 0;
  #bytes = 0;
  #lastEvent: number;

  /** Begins behind `event`. */
  constructor(
    private readonly bytesMax: number,
    event = 0,
  ) {
    this.#lastEvent = event;
  }

  /** Of everything that was ever pushed. */
  get lastEvent(): number {
    return this.#lastEvent;
  }

  push(batch: LogBatch): void {
    this.#batches.push(batch);
    this.#bytes += batch.batch.byteLength;
    this.#lastEvent = batch.lastEvent;
    while (this.#bytes > this.bytesMax && this.#head < this.#batches.length) this.#dropFirst();
    this.#compact();
  }

  /** Forgets batches up to `event`. */
  drop(event: number): void {
    while ((this.#batches[this.#head]?.lastEvent ?? Number.POSITIVE_INFINITY) <= event) this.#dropFirst();
    this.#compact();
  }

  /** Everything behind `event`, which a batch ends with; undefined if that is not kept any more. */
  after(event: number): readonly LogBatch[] | undefined {
    if (event === this.#lastEvent) return [];
    for (let index = this.#head; index < this.#batches.length; index++) {
      if (this.#batches[index]!.firstEvent === event + 1) return this.#batches.slice(index);
    }
    return undefined;
  }

  #dropFirst(): void {
    this.#bytes -= this.#batches[this.#head]!.batch.byteLength;
    this.#head++;
  }

  #compact(): void {
    if (this.#head < this.#batches.length && (this.#head < COMPACT_MIN || this.#head * 2 < this.#batches.length))
      return;
    this.#batches.splice(0, this.#head);
    this.#head = 0;
  }
}
