/**
 * A backup's way back once another backup has gone live: it looks for the new primary, to go on from where its log ends.
 * The new record may name it already, so it keeps what it has until a record does without it; and if the new primary is
 * gone as well, it claims the epoch itself.
 */
import { type ArbiterRecord, type ArbiterState, type Member, sameMember } from '../arbiter/arbiter.js';
import type { Context } from './context.js';
import { describeForeignService, liveMember } from './failover.js';

/**
 * So many failure timeouts are left to the new primary to take this backup in. Longer than it waits itself for the backups of
 * its record (returning.ts): of two that cannot reach each other, the one that is live stays so.
 */
const PATIENCE_TIMEOUTS = 4;

export interface ReturnHandlers {
  /** The new primary is gone, too; or the arbiter must be asked what to do. */
  lost(reason: string): void;
  /** The service goes on without this replica. */
  excluded(current: ArbiterState): void;
}

export class ReturnPath {
  readonly #context: Context;
  readonly #handlers: ReturnHandlers;
  #live: Member | undefined;
  #refused = false;
  #probed = false;
  #untilMs = Number.POSITIVE_INFINITY;

  constructor(context: Context, handlers: ReturnHandlers) {
    this.#context = context;
    this.#handlers = handlers;
  }

  /** The new primary. */
  get primary(): Member | undefined {
    return this.#live;
  }

  begin(record: ArbiterRecord): void {
    this.#live = undefined;
    this.#follow(record);
  }

  /** Whom to dial, by what the arbiter says; undefined if nobody is to be dialled any more. */
  whereTo(current: ArbiterState | undefined): Member | undefined {
    const record = current?.record;
    if (current === undefined || record === undefined || record.ended || this.#isForeign(record)) {
      this.#handlers.lost('the service is not what it was');
      return undefined;
    }
    this.#follow(record);
    if (this.#refused && !record.members.some((member) => sameMember(member, this.#context.self))) {
      this.#handlers.excluded(current);
      return undefined;
    }
    return this.#live;
  }

  /** The new primary cannot go on with this log. */
  refused(): void {
    this.#refused = true;
  }

  /** No connection could be made: a process that is certainly dead needs no patience. */
  unreachable(address: string): void {
    if (this.#probed || address !== this.#live?.address) return;
    this.#probed = true;
    this.#context.emit({ type: 'probe', address });
  }

  probed(address: string, gone: boolean): void {
    if (gone && address === this.#live?.address) this.#handlers.lost('its process is gone');
  }

  slept(gapMs: number): void {
    this.#untilMs += gapMs;
  }

  tick(): void {
    if (this.#context.nowMs >= this.#untilMs) this.#handlers.lost('it does not take its backups in');
  }

  #follow(record: ArbiterRecord): void {
    const live = liveMember(record);
    if (live === undefined || (this.#live !== undefined && sameMember(live, this.#live))) return;
    this.#live = live;
    this.#refused = false;
    this.#probed = false;
    this.#untilMs = this.#context.nowMs + PATIENCE_TIMEOUTS * this.#context.config.failureTimeoutMs;
  }

  #isForeign(record: ArbiterRecord): boolean {
    return describeForeignService(this.#context.config.service, record) !== undefined;
  }
}
