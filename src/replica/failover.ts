/**
 * Who may write which record (R3, R4): the decisions as pure functions, and the two ways to claim an epoch that loop
 * over read, decide and compare-and-set.
 */
import { type ArbiterRecord, type ArbiterState, type Member, sameMember } from '../arbiter/arbiter.js';
import type { ArbiterSession } from './arbiter-session.js';

export type StartDecision =
  | { readonly kind: 'claim'; readonly expectedGeneration: number; readonly record: ArbiterRecord }
  /** Somebody else runs the service, or may take over. */
  | { readonly kind: 'running'; readonly reason: string }
  | { readonly kind: 'refuse'; readonly reason: string };

/** May a fresh primary start the service? Only if nobody else can still be running it. */
export function decideStart(self: Member, service: string, current: ArbiterState | undefined): StartDecision {
  if (current === undefined) return claim(self, service, 0, 1);
  const { generation, record } = current;
  const foreign = describeForeignService(service, record);
  if (foreign !== undefined) return { kind: 'refuse', reason: foreign };
  const others = record.members.filter((member) => member.id !== self.id);
  if (record.ended || others.length === 0) return claim(self, service, generation, record.epoch + 1);
  const names = others.map((member) => member.id).join(', ');
  const reason = `the arbiter's record (epoch ${record.epoch}) says that ${record.live} is live and that ${names} may take over`;
  return { kind: 'running', reason };
}

export type ClaimDecision =
  | { readonly kind: 'claim'; readonly expectedGeneration: number; readonly record: ArbiterRecord }
  /** There are other backups, and perhaps one with more of the log. */
  | { readonly kind: 'survey'; readonly found: ArbiterState }
  /** Another one than the primary that is lost is live. */
  | { readonly kind: 'superseded'; readonly record: ArbiterRecord }
  | { readonly kind: 'lost' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'foreign'; readonly reason: string };

export interface Claimant {
  readonly self: Member;
  readonly service: string;
  /** The primary that is gone; undefined for a replica that never had one. */
  readonly lost: Member | undefined;
  /** Backups of `record` that have all that was ever released, besides this one; undefined if another one may have to go first. */
  complete(record: ArbiterRecord): readonly Member[] | undefined;
}

/** May a backup go live? Only a member of the record's last configuration may even try. */
export function decideClaim(claimant: Claimant, current: ArbiterState | undefined): ClaimDecision {
  if (current === undefined) return { kind: 'lost' };
  const { self, service, lost } = claimant;
  const { generation, record } = current;
  const foreign = describeForeignService(service, record);
  if (foreign !== undefined) return { kind: 'foreign', reason: foreign };
  if (record.ended) return { kind: 'ended' };
  const live = liveMember(record);
  if (lost !== undefined && (live === undefined || !sameMember(live, lost))) return { kind: 'superseded', record };
  if (!record.members.some((member) => sameMember(member, self))) return { kind: 'lost' };
  const complete = claimant.complete(record);
  if (complete === undefined) return { kind: 'survey', found: current };
  return { kind: 'claim', expectedGeneration: generation, record: succeeding(record, self, complete) };
}

/** The member of the record that is live. */
export function liveMember({ members, live }: ArbiterRecord): Member | undefined {
  return members.find(({ id }) => id === live);
}

/** The backups of the record that is to be replaced, besides `self`. */
export function otherBackups({ members, live }: Pick<ArbiterRecord, 'members' | 'live'>, self: Member): Member[] {
  return members.filter((member) => member.id !== live && !sameMember(member, self));
}

/**
 * The record by which `self` succeeds the live member of `record`. Backups that have all that was released stay in it: they
 * may go live next, for nothing more is released that they do not acknowledge.
 */
function succeeding(record: ArbiterRecord, self: Member, complete: readonly Member[]): ArbiterRecord {
  const { epoch, service, acks } = record;
  const fewer = acks !== undefined && acks < complete.length ? { acks } : {};
  return { epoch: epoch + 1, members: [self, ...complete], live: self.id, service, ...fewer };
}

/** Why this record is not ours, or undefined if it is. */
export function describeForeignService(service: string, record: ArbiterRecord): string | undefined {
  return record.service === service
    ? undefined
    : `the arbiter's record belongs to the service ${JSON.stringify(record.service)}, not to ${JSON.stringify(service)}; use another arbiter name`;
}

function claim(self: Member, service: string, expectedGeneration: number, epoch: number) {
  const record: ArbiterRecord = { epoch, members: [self], live: self.id, service };
  return { kind: 'claim', expectedGeneration, record } as const;
}

export interface StartHandlers {
  /** `replaced` is the record that was there before, if any. */
  won(state: ArbiterState, replaced: ArbiterState | undefined): void;
  /** The service must be joined, not started. */
  running(reason: string): void;
  refused(reason: string): void;
}

/** A fresh primary claims the service. Whoever wins a race for it is about to serve, and can be joined. */
export function claimService(arbiter: ArbiterSession, self: Member, service: string, handlers: StartHandlers): void {
  arbiter.read((current) => {
    const decision = decideStart(self, service, current);
    if (decision.kind === 'refuse') return handlers.refused(decision.reason);
    if (decision.kind === 'running') return handlers.running(decision.reason);
    arbiter.propose(decision.expectedGeneration, decision.record, (outcome) => {
      if (outcome.won) handlers.won(outcome.state, current);
      else handlers.running(describeLostRace(self, outcome.current));
    });
  });
}

function describeLostRace(self: Member, current: ArbiterState | undefined): string {
  const winner = current === undefined ? 'somebody who removed it again' : current.record.live;
  return `${self.id} lost the race for the arbiter's record to ${winner}`;
}

export interface ClaimHandlers {
  /** `others`: the backups of the record that was replaced, in it still or not. */
  won(state: ArbiterState, others: readonly Member[]): void;
  notMine(decision: Exclude<ClaimDecision, { kind: 'claim' }>, current: ArbiterState | undefined): void;
}

/**
 * A backup claims the epoch, at once if the record was `left` to it by a primary that has stopped: nobody else is about to
 * replace that. A lost race is looked at again: the old primary may have rewritten the record with this backup still a
 * member, and the claim then stands.
 */
export function claimEpoch(
  arbiter: ArbiterSession,
  claimant: Claimant,
  handlers: ClaimHandlers,
  left?: ArbiterState,
): void {
  const attempt = (current: ArbiterState | undefined): void => {
    const decision = decideClaim(claimant, current);
    if (decision.kind !== 'claim') {
      handlers.notMine(decision, current);
      return;
    }
    const others = current === undefined ? [] : otherBackups(current.record, claimant.self);
    arbiter.propose(decision.expectedGeneration, decision.record, (outcome) => {
      if (outcome.won) handlers.won(outcome.state, others);
      else attempt(outcome.current);
    });
  };
  if (left === undefined) arbiter.read(attempt);
  else attempt(left);
}
