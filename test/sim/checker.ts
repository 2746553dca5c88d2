/**
 * What must never happen, checked while it happens:
 * - a replica releases output although the arbiter's record says that another one is live;
 * - a history that clients have seen is lost, or contradicted by another one;
 * - a client gets a byte that a machine which never fails would not have sent it;
 * - a request is executed twice, or an acknowledged one is forgotten.
 */
import { type ArbiterState, sameMember } from '../../src/arbiter/arbiter.js';
import type { ReplicaProcess } from './replica-process.js';

export class SafetyError extends Error {}

export class Checker {
  readonly #record: () => ArbiterState | undefined;
  /** Digest at each event whose output somebody may have seen. */
  readonly #released: number[] = [];
  /** Counts that clients have seen in replies. */
  #counts = new Set<number>();
  #countMax = 0;
  /** How often the service was begun. */
  runs = 0;

  constructor(record: () => ArbiterState | undefined) {
    this.#record = record;
  }

  /** Last event whose output somebody may have seen. */
  get releasedEvent(): number {
    return Math.max(0, this.#released.length - 1);
  }

  /**
   * A replica without a history became live: another run of the service. (The protocol allows it only when nobody can
   * have the old one; a replica that still had it would be caught as it releases or goes live.)
   */
  startsAfresh(): void {
    this.runs++;
    this.#released.length = 0;
    this.#counts = new Set();
    this.#countMax = 0;
  }

  /**
   * What clients have seen behind `event` was not on the disk from which the service goes on: their connections are over, as
   * in another run, but what they have seen up to there must be its history.
   */
  recoversInDoubt(event: number): void {
    this.runs++;
    this.#released.length = Math.min(this.#released.length, event + 1);
    this.#counts = new Set();
    this.#countMax = 0;
  }

  released(process: ReplicaProcess, event: number): void {
    if (!this.#isLive(process)) {
      this.fail(
        `${process.name} released event ${event}, but the record says ${JSON.stringify(this.#record()?.record)}`,
      );
    }
    for (let at = this.#released.length; at <= event; at++) this.#released[at] = process.digests[at] ?? Number.NaN;
  }

  /** A backup's guest is live now: everything that was released must be part of its history. */
  wentLive(process: ReplicaProcess): void {
    for (const [event, digest] of this.#released.entries()) {
      // A released event that the guest itself has not come to yet is compared as it comes to it.
      if (event === 0 || Number.isNaN(digest) || process.digests[event] === digest) continue;
      this.fail(`${process.name} has digest ${process.digests[event]} at event ${event}; clients have seen ${digest}`);
    }
  }

  /** A guest has logged or replayed an event. One that lost its epoch may go its own way until it finds out. */
  logged(process: ReplicaProcess, event: number, digest: number): void {
    const released = this.#released[event];
    if (released === undefined || released === digest || !this.#isLive(process)) return;
    if (Number.isNaN(released)) this.#released[event] = digest;
    else this.fail(`${process.name} has digest ${digest} at event ${event}, which was released with ${released}`);
  }

  executed(process: ReplicaProcess, id: string, times: number): void {
    if (times > 1) this.fail(`${process.name} has executed request ${id} ${times} times`);
  }

  /** A client has received a reply with the service's count; `countBefore`: what was known when it asked. */
  counted(client: string, count: number, countBefore: number): void {
    if (this.#counts.has(count)) this.fail(`${client} was told count ${count}, which another request had`);
    if (count <= countBefore) this.fail(`${client} was told count ${count} although ${countBefore} was known before`);
    this.#counts.add(count);
    this.#countMax = Math.max(this.#countMax, count);
  }

  /** Highest count that a client has seen. */
  get countMax(): number {
    return this.#countMax;
  }

  #isLive({ id, incarnation }: ReplicaProcess): boolean {
    const record = this.#record()?.record;
    return record?.live === id && record.members.some((member) => sameMember(member, { id, incarnation }));
  }

  fail(what: string): never {
    throw new SafetyError(what);
  }
}
