/**
 * Who goes live where several backups are left: the one with the most of the log.
 *
 * Where output waited for fewer than all backups, that is a matter of safety. With `acks` of N backups, each released entry
 * is with at least `acks` of them, so among any N - acks + 1 backups there is one that has it: a backup that knows the
 * positions of so many (its own included), and none beyond its own, has everything that was released. Where output waited for
 * all, any of them may go live, and the survey only spares those ahead of the winner a new guest: so it waits shortly for
 * those that were not heard, and not for ever for one that is ahead.
 *
 * Each backup that has lost its primary tells all others its position, and by that promises to acknowledge nothing more of
 * that primary's; what they know therefore stays true. A position counts as long as the connection that brought it is up,
 * and only for the loss of the primary that it names.
 */
import { type ArbiterRecord, type Member, sameMember } from '../arbiter/arbiter.js';
import type { Context } from './context.js';
import { liveMember, otherBackups } from './failover.js';
import { compareLogEnds } from './log-end.js';
import type { LogEnd, PositionReport } from './messages.js';
import { requiredAcks } from './output-rule.js';
import type { PeerId } from './types.js';

const REDIAL_MS = 100;
/** Those who have not been heard are waited for that many heartbeats: backups notice a loss at about the same time. */
const UNHEARD_HEARTBEATS = 2;

export class Survey {
  readonly #context: Context;
  /** Positions by the connections that brought them. */
  readonly #reports = new Map<PeerId, PositionReport>();
  #others: readonly Member[] = [];
  #needed = 0;
  #own: PositionReport | undefined;
  #begunMs = 0;
  #redialAtMs = Number.POSITIVE_INFINITY;
  /** Addresses that took no connection. */
  readonly #unreachable = new Set<string>();
  readonly #dialling = new Set<string>();
  /** Connections on which this replica's position was told, by address. */
  readonly #told = new Map<PeerId, string>();

  constructor(context: Context) {
    this.#context = context;
  }

  get begun(): boolean {
    return this.#own !== undefined;
  }

  /** Tells the other backups of `record`, whose live member is lost. `logEnd`: the end of the log here, for good. */
  begin(record: ArbiterRecord, epoch: number, logEnd: LogEnd): void {
    const { self, nowMs } = this.#context;
    this.consider(record);
    const primary = liveMember(record);
    if (primary === undefined || (this.#own !== undefined && sameMember(this.#own.primary, primary))) return;
    this.end();
    const { id, incarnation } = primary;
    this.#own = { type: 'position', ...self, epoch, logEnd, primary: { id, incarnation } };
    this.#begunMs = nowMs;
    this.#redialAtMs = nowMs;
    this.tick();
  }

  /** What is to be known depends on the record that is to be replaced. */
  consider(record: ArbiterRecord): void {
    this.#others = otherBackups(record, this.#context.self);
    const backups = this.#others.length + 1;
    this.#needed = backups - requiredAcks(backups, record.acks);
  }

  /** Dials whoever has not been told. */
  tick(): void {
    if (this.#context.nowMs < this.#redialAtMs) return;
    this.#redialAtMs = this.#context.nowMs + REDIAL_MS;
    const told = new Set(this.#told.values());
    for (const { address } of this.#others) {
      if (address === undefined || told.has(address) || this.#dialling.has(address)) continue;
      this.#dialling.add(address);
      this.#context.emit({ type: 'connect', address });
    }
  }

  connected(peer: PeerId, address: string): void {
    this.#dialling.delete(address);
    this.#unreachable.delete(address);
    if (this.#own === undefined) return;
    this.#told.set(peer, address);
    this.#context.send(peer, this.#own);
  }

  failed(address: string): void {
    this.#dialling.delete(address);
    this.#unreachable.add(address);
  }

  closed(peer: PeerId): void {
    this.#told.delete(peer);
    this.#reports.delete(peer);
  }

  /** Also before this replica has lost the primary itself. */
  heard(peer: PeerId, report: PositionReport): void {
    this.#reports.set(peer, report);
  }

  /** Whether this replica may claim: enough is known, and nobody else should. */
  get mayClaim(): boolean {
    if (this.#own === undefined || this.#known().length < this.#needed) return false;
    const waitedMs = this.#context.nowMs - this.#begunMs;
    const { failureTimeoutMs, heartbeatMs } = this.#context.config;
    if (this.ahead !== undefined) return this.#needed === 0 && waitedMs >= failureTimeoutMs;
    return this.#unheard().length === 0 || waitedMs >= UNHEARD_HEARTBEATS * heartbeatMs;
  }

  /** A backup that has more of the log than this one. */
  get ahead(): PositionReport | undefined {
    const own = this.#own;
    return own && this.#known().find(({ logEnd }) => compareLogEnds(logEnd, own.logEnd) > 0);
  }

  /** Other backups that have as much of the log as this one, as far as is known. */
  get equals(): readonly Member[] {
    const own = this.#own;
    if (own === undefined) return [];
    const equal = this.#known().filter(({ logEnd }) => compareLogEnds(logEnd, own.logEnd) === 0);
    return this.#others.filter((member) => equal.some((report) => sameMember(report, member)));
  }

  /** Positions of others that a claim needs, and how many of them are known. */
  get state(): { readonly needed: number; readonly known: number } {
    return { needed: this.#needed, known: this.#known().length };
  }

  end(): void {
    for (const peer of this.#told.keys()) this.#context.close(peer, 'the survey is over');
    this.#told.clear();
    this.#unreachable.clear();
    this.#own = undefined;
  }

  #known(): PositionReport[] {
    return this.#others.map((member) => this.#reportOf(member)).filter((report) => report !== undefined);
  }

  /** Others that may yet say where their log ends. */
  #unheard(): Member[] {
    return this.#others.filter((member) => {
      const { address } = member;
      return address !== undefined && !this.#unreachable.has(address) && this.#reportOf(member) === undefined;
    });
  }

  #reportOf(member: Member): PositionReport | undefined {
    const reports = [...this.#reports.values()];
    return reports.find((report) => sameMember(report, member) && this.#isAboutSame(report));
  }

  #isAboutSame({ primary }: PositionReport): boolean {
    return this.#own !== undefined && sameMember(primary, this.#own.primary);
  }
}
