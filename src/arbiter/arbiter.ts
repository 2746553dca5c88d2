/**
 * The arbiter decides who may run alone: it keeps ONE record and replaces it by compare-and-set (design.md section 6,
 * R3). Whoever wins a compare-and-set has the epoch written in it; everybody else finds out by losing or by reading.
 */

import { ArbiterError } from '../errors.js';

/** One process that takes part. A restarted process has lost its guest, so it is another member under the same id. */
export interface Member {
  readonly id: string;
  /** Drawn afresh at each start of the process. */
  readonly incarnation: string;
  /** Where peers reach it, `host:port`: how a replica that comes back finds the one that is live. */
  readonly address?: string;
}

/** The configuration that holds since the epoch began. */
export interface ArbiterRecord {
  /** Raised by exactly one with every new record; starts at 1. */
  readonly epoch: number;
  /** Who has the whole log and may therefore claim the next epoch. The live replica is one of them. */
  readonly members: readonly Member[];
  /** `id` of the member that runs live. */
  readonly live: string;
  /**
   * Output was released once so many of the backups had acknowledged it; absent: all of them. With fewer than all, a claim
   * needs the positions of so many backups that at least one of them has each released entry (src/replica/survey.ts).
   */
  readonly acks?: number;
  /** Which service this is, so that two services cannot share one arbiter by mistake. */
  readonly service: string;
  /** True once the service has ended in good order (guest exit, or shutdown of the last replica): anybody may start afresh. */
  readonly ended?: boolean;
}

/** A record as the arbiter holds it. Generations are dense and start at 1; 0 stands for "no record yet". */
export interface ArbiterState {
  readonly generation: number;
  readonly record: ArbiterRecord;
}

/** `current` is absent only if the record was removed from outside while it was being replaced. */
export type CompareAndSetResult =
  | { readonly won: true; readonly generation: number }
  | { readonly won: false; readonly current: ArbiterState | undefined };

/** The arbiter is away, timed out, or the outcome of a request is unknown. Retry, then read back; never guess. */
export class ArbiterUnreachableError extends ArbiterError {}

/**
 * `read` and `compareAndSet` reject with ArbiterUnreachableError when the outcome is unknown or the arbiter is away for now (retry,
 * then read back), and with any other ArbiterError when it cannot be used at all (wrong path, no permission, damaged
 * record).
 */
export interface Arbiter {
  /** The current record, or undefined if there has never been one. */
  read(): Promise<ArbiterState | undefined>;
  /** Replaces the record if its generation still is `expectedGeneration` (0: if there is none). */
  compareAndSet(expectedGeneration: number, record: ArbiterRecord): Promise<CompareAndSetResult>;
  /**
   * `record` may have to be written in a hurry: what can be done for that ahead is done now, in place of what was for another
   * one. Changes nothing that {@link read} tells, and never fails.
   */
  prepare?(record: ArbiterRecord): void;
}

/** True if both records say the same: how a replica recognises its own compare-and-set after a lost reply. */
export function sameRecord(a: ArbiterRecord, b: ArbiterRecord): boolean {
  return (
    a.epoch === b.epoch &&
    a.live === b.live &&
    a.service === b.service &&
    (a.ended ?? false) === (b.ended ?? false) &&
    a.acks === b.acks &&
    a.members.length === b.members.length &&
    a.members.every((member, index) => sameMember(member, b.members[index] as Member))
  );
}

export function sameMember(a: Member, b: Member): boolean {
  return a.id === b.id && a.incarnation === b.incarnation;
}
