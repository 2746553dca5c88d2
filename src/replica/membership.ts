/**
 * The live replica's view of the arbiter's record: who is a member, how that is changed, and whether this replica
 * still is the live one. Losing a compare-and-set means that it is not (R4).
 */
import { type ArbiterRecord, type ArbiterState, type Member, sameMember, sameRecord } from '../arbiter/arbiter.js';
import type { ArbiterSession } from './arbiter-session.js';
import type { Context } from './context.js';
import type { Configured } from './messages.js';
import { requiredAcks } from './output-rule.js';

/**
 * How often a solo primary looks at the record. Nobody may claim its epoch, but an operator may have removed the
 * record or started a second process under the same name.
 */
const SOLO_CHECK_MS = 1_000;

export class Membership {
  readonly #context: Context;
  readonly #arbiter: ArbiterSession;
  readonly #onChange: (joined: readonly Member[]) => void;
  #state: ArbiterState;
  /** The record that is being written; its outcome may stay unknown for long. */
  #proposed: ArbiterRecord | undefined;
  /** An epoch above ours that somebody mentioned; 0 for none. */
  #suspectedEpoch = 0;
  #nextCheckMs: number;
  /** Epoch in which this replica became live: messages from before belong to another primary. */
  readonly reign: number;

  constructor(
    context: Context,
    arbiter: ArbiterSession,
    state: ArbiterState,
    onChange: (joined: readonly Member[]) => void,
  ) {
    this.#context = context;
    this.#arbiter = arbiter;
    this.#state = state;
    this.#onChange = onChange;
    this.#nextCheckMs = context.nowMs + SOLO_CHECK_MS;
    this.reign = state.record.epoch;
  }

  get epoch(): number {
    return this.#state.record.epoch;
  }

  /** Of the record in the arbiter. */
  get generation(): number {
    return this.#state.generation;
  }

  get members(): readonly Member[] {
    return this.#state.record.members;
  }

  /** The record, for its backups. */
  get configured(): Configured {
    const { epoch, members, acks } = this.#state.record;
    return { type: 'configured', epoch, members, ...(acks !== undefined && { acks }) };
  }

  get isSolo(): boolean {
    return this.members.length === 1;
  }

  /** No change of the record is under way. */
  get settled(): boolean {
    return !this.#arbiter.proposing;
  }

  /** False while somebody's claim to a newer epoch is being checked; nothing may be released then. */
  get trusted(): boolean {
    return this.#suspectedEpoch === 0;
  }

  /**
   * Who may claim the epoch now, and how many of them must have an output before it leaves: by the last record, and by the
   * one that is being written. Whichever of the two holds, output must wait for both.
   */
  configurations(): { readonly backups: readonly Member[]; readonly required: number }[] {
    const records = this.#proposed === undefined ? [this.#state.record] : [this.#state.record, this.#proposed];
    return records.map(({ members, acks }) => {
      const backups = members.filter((member) => !sameMember(member, this.#context.self));
      return { backups, required: requiredAcks(backups.length, acks) };
    });
  }

  has(member: Member): boolean {
    return this.members.some((other) => sameMember(other, member));
  }

  /** Whether the record names this replica and `backups`, and nobody else. */
  matches(backups: readonly Member[]): boolean {
    return backups.length === this.members.length - 1 && backups.every((backup) => this.has(backup));
  }

  /** Works towards a record whose members are this replica and `backups`. */
  reconcile(backups: readonly Member[]): void {
    if (!this.settled || this.matches(backups)) return;
    const { acks } = this.#context.config;
    const fewer = acks !== undefined && acks < backups.length ? { acks } : {};
    this.#write({ members: [this.#context.self, ...backups], ...fewer }, () => {});
  }

  /** Writes the last record of the service. `done` is called when it is written. */
  end(done: () => void): void {
    this.#write({ members: [this.#context.self], ended: true }, done);
  }

  /** A message mentions a newer epoch than ours. Only the arbiter can say whether that is true. */
  suspect(epoch: number): void {
    this.#suspectedEpoch = Math.max(this.#suspectedEpoch, epoch);
    this.poll();
  }

  /** This process slept; somebody may have started the service again meanwhile. */
  checkSoon(): void {
    this.#nextCheckMs = this.#context.nowMs;
  }

  /** Verifies the epoch with the arbiter where there is a reason to. */
  poll(): void {
    const soloCheck = this.isSolo && this.#context.nowMs >= this.#nextCheckMs;
    if (!this.#arbiter.idle || (this.trusted && !soloCheck)) return;
    this.#nextCheckMs = this.#context.nowMs + SOLO_CHECK_MS;
    this.#arbiter.read((current) => {
      if (current === undefined || !sameRecord(current.record, this.#state.record)) {
        this.#context.loseEpoch(this.epoch, current);
      }
      this.#suspectedEpoch = 0;
    });
  }

  #write(change: Pick<ArbiterRecord, 'members' | 'ended' | 'acks'>, done: () => void): void {
    const { generation, record } = this.#state;
    const next = { epoch: record.epoch + 1, live: record.live, service: record.service, ...change };
    this.#proposed = next;
    this.#arbiter.propose(generation, next, (outcome) => {
      if (!outcome.won) {
        this.#context.loseEpoch(this.epoch, outcome.current);
        return;
      }
      const joined = next.members.filter((member) => !this.has(member));
      this.#state = outcome.state;
      this.#proposed = undefined;
      this.#suspectedEpoch = 0;
      this.#context.event('epoch-won', { epoch: next.epoch, members: next.members.map((member) => member.id) });
      this.#onChange(joined);
      done();
    });
  }
}
