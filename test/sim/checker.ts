/**
 * What must never happen, checked while it happens:
 * - a replica releases output although the arbiter's record says that another one is live;
 * - an output that a client has seen is lost, or contradicted by another history;
 * - a replay reaches an equal position with another digest.
 */
import type { ArbiterState } from '../../src/arbiter/arbiter.js';
import type { SimProcess } from './process.js';

export class SafetyError extends Error {}

export class Checker {
  readonly #record: () => ArbiterState | undefined;
  /** Digest of the output of each event that a client has seen, by event number. */
  readonly #seen = new Map<number, number>();
  /** Last event whose output somebody has seen. */
  seenEvent = 0;

  constructor(record: () => ArbiterState | undefined) {
    this.#record = record;
  }

  /**
   * A replica without a history became live: another run of the service. (The protocol allows it only when nobody can
   * have the old one; a replica that still had it would be caught as it releases or goes live.)
   */
  startsAfresh(): void {
    this.#seen.clear();
    this.seenEvent = 0;
  }

  released(process: SimProcess, event: number): void {
    const record = this.#record()?.record;
    const live = record?.members.find((member) => member.id === record.live);
    if (live?.id === process.id && live.incarnation === process.incarnation) return;
    this.#fail(`${process.name} released event ${event}, but the record says ${JSON.stringify(record)}`);
  }

  outputLeft(process: SimProcess, event: number): void {
    const digest = process.guest.digests[event] as number;
    const before = this.#seen.get(event);
    if (before !== undefined && before !== digest) {
      this.#fail(`${process.name} contradicts the output of event ${event}: ${digest} after ${before}`);
    }
    this.#seen.set(event, digest);
    this.seenEvent = Math.max(this.seenEvent, event);
  }

  /** A backup is live now: everything that was seen must be part of its history. */
  wentLive(process: SimProcess): void {
    if (process.guest.event < this.seenEvent) {
      this.#fail(`${process.name} went live at event ${process.guest.event}, clients have seen ${this.seenEvent}`);
    }
    for (const [event, digest] of this.#seen) {
      if (process.guest.digests[event] !== digest) this.#fail(`${process.name} has another history at event ${event}`);
    }
  }

  replayed(process: SimProcess, equal: boolean): void {
    if (!equal) this.#fail(`${process.name} has another digest than its primary at event ${process.guest.event}`);
  }

  /** The last record of the service is written: nothing may be left behind. */
  ended(process: SimProcess): void {
    if (this.seenEvent < process.guest.event) {
      this.#fail(
        `${process.name} ended the service at event ${process.guest.event}, clients have seen ${this.seenEvent}`,
      );
    }
    this.complete();
  }

  /** Outputs leave in order, so a gap is an output that nobody will ever see. */
  complete(): void {
    if (this.#seen.size === this.seenEvent) return;
    this.#fail(`clients have seen ${this.#seen.size} outputs, the last of them of event ${this.seenEvent}`);
  }

  #fail(what: string): never {
    throw new SafetyError(what);
  }
}
