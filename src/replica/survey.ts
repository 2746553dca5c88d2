/**
 * Who goes live when output waited for fewer than all backups. With `acks` of N backups, each released entry is with at
 * least `acks` of them, so among any N - acks + 1 backups there is one that has it: a backup that knows the positions of so
 * many (its own included), and none beyond its own, has everything that was released.
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

export class Survey {
  readonly #context: Context;
  /** Positions by the connections that brought them. */
  readonly #reports = new Map<PeerId, PositionReport>();
  #others: readonly Member[] = [];
  #needed = 0;
  #own: PositionReport | undefined;
  #redialAtMs = Number.POSITIVE_INFINITY;
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
    this.#others = otherBackups(record, self);
    this.#needed = this.#others.length + 1 - requiredAcks(this.#others.length + 1, record.acks);
    const primary = liveMember(record);
    if (primary === undefined || (this.#own !== undefined && sameMember(this.#own.primary, primary))) return;
    this.end();
    const { id, incarnation } = primary;
    this.#own = { type: 'position', ...self, epoch, logEnd, primary: { id, incarnation } };
    this.#redialAtMs = nowMs;
    this.tick();
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
    if (this.#own === undefined) return;
    this.#told.set(peer, address);
    this.#context.send(peer, this.#own);
  }

  failed(address: string): void {
    this.#dialling.delete(address);
  }

  closed(peer: PeerId): void {
    this.#told.delete(peer);
    this.#reports.delete(peer);
  }

  /** Also before this replica has lost the primary itself. */
  heard(peer: PeerId, report: PositionReport): void {
    this.#reports.set(peer, report);
  }

  /** Whether this replica may claim: enough is known, and nobody who is known has more of the log. */
  get mayClaim(): boolean {
    const own = this.#own;
    if (own === undefined) return false;
    const known = this.#known();
    return known.length >= this.#needed && known.every(({ logEnd }) => compareLogEnds(logEnd, own.logEnd) <= 0);
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
    this.#own = undefined;
  }

  #known(): PositionReport[] {
    const reports = [...this.#reports.values()];
    return this.#others.flatMap((member) => {
      const report = reports.find((candidate) => sameMember(candidate, member) && this.#isAboutSame(candidate));
      return report === undefined ? [] : [report];
    });
  }

  #isAboutSame({ primary }: PositionReport): boolean {
    return this.#own !== undefined && sameMember(primary, this.#own.primary);
  }
}
