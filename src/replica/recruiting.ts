/**
 * Redundancy comes back by itself (R10 and the end of design.md section 6): while the live guest has fewer backups than
 * wanted, its state is captured and sent to a replica that stands by, the log follows, and once that replica has caught up
 * it belongs into the record. One transfer at a time; flow control is from end to end: the guest's thread copies no more
 * than the newcomer has acknowledged plus a window.
 */
import type { BackupPeer } from './backup-peer.js';
import type { BackupSet } from './backup-set.js';
import type { Context } from './context.js';
import type { Membership } from './membership.js';
import type { StateAck } from './messages.js';
import type { Input } from './types.js';

/** A newcomer that acknowledges nothing for so many failure timeouts is given up, so that another one can be recruited. */
const STALLED_TIMEOUTS = 10;
/** Pause before a capture that failed for a passing reason is tried again. */
const RETRY_MS = 500;

interface Transfer {
  readonly capture: number;
  readonly to: BackupPeer;
  readonly startedMs: number;
  sentBytes: number;
  ackedBytes: number;
  complete: boolean;
  /** When the newcomer last acknowledged something, or had nothing to acknowledge. */
  progressMs: number;
}

export class Recruiting {
  readonly #context: Context;
  readonly #membership: Membership;
  readonly #backups: () => BackupSet;
  #transfer: Transfer | undefined;
  #captures = 0;
  #notBeforeMs = 0;
  /** Why this guest can never be captured; undefined as far as is known. */
  impossible: string | undefined;

  constructor(context: Context, membership: Membership, backups: () => BackupSet) {
    this.#context = context;
    this.#membership = membership;
    this.#backups = backups;
  }

  get progress(): { to: string; sentBytes: number; ackedBytes: number } | undefined {
    const transfer = this.#transfer;
    if (transfer === undefined) return undefined;
    return { to: transfer.to.id, sentBytes: transfer.sentBytes, ackedBytes: transfer.ackedBytes };
  }

  /** Begins a transfer if one is needed. `expected`: so many backups may come back by themselves. */
  advance(lastEvent: number, releasedEvent: number, expected: number): void {
    for (const backup of this.#backups().all()) this.#promote(backup, lastEvent, releasedEvent);
    this.#dropStalled();
    if (this.#transfer !== undefined || this.impossible !== undefined) return;
    if (this.#context.nowMs < this.#notBeforeMs) return;
    const all = this.#backups().all();
    const wanted = Math.max(this.#context.config.backups, this.#context.config.minBackups);
    if (all.filter(({ stage }) => stage !== 'standby').length + expected >= wanted) return;
    const next = all.find(({ stage }) => stage === 'standby');
    if (next !== undefined) this.#begin(next);
  }

  /** The service ends: nobody is taken in any more. */
  cancel(): void {
    if (this.#transfer === undefined) return;
    this.#context.emit({ type: 'cancel-capture', capture: this.#transfer.capture });
    this.#transfer = undefined;
  }

  gone(backup: BackupPeer, reason: string): void {
    const transfer = this.#transfer;
    if (transfer?.to !== backup) return;
    if (!transfer.complete) this.#context.emit({ type: 'cancel-capture', capture: transfer.capture });
    this.#transfer = undefined;
    this.#context.event('transfer-failed', { id: backup.id, reason });
  }

  state({ capture, piece, last }: Extract<Input, { type: 'state' }>): void {
    const transfer = this.#transfer;
    if (transfer?.capture !== capture) return;
    transfer.sentBytes += piece.byteLength;
    transfer.complete = last;
    const epoch = this.#membership.epoch;
    this.#context.send(transfer.to.peer, { type: 'state', epoch, piece, last });
  }

  captured({ capture, event, counter, outputs, cost }: Extract<Input, { type: 'captured' }>): void {
    const transfer = this.#transfer;
    if (transfer?.capture !== capture) return;
    const { to } = transfer;
    to.followsLog = true;
    to.receivedEvent = event;
    this.#context.event('transfer-captured', { id: to.id, lastEvent: event, counter, ...cost });
    this.#context.send(to.peer, { type: 'captured', epoch: this.#membership.epoch, event, counter, outputs });
  }

  failed({ capture, reason, retry }: Extract<Input, { type: 'capture-failed' }>): void {
    const transfer = this.#transfer;
    if (transfer?.capture !== capture) return;
    this.#transfer = undefined;
    this.#context.event('transfer-failed', { id: transfer.to.id, reason });
    this.#notBeforeMs = this.#context.nowMs + RETRY_MS;
    if (!retry) this.impossible = `the guest cannot be captured: ${reason}`;
    // What it has received so far is of no use: it starts afresh.
    if (transfer.sentBytes > 0) this.#backups().drop(transfer.to, reason);
    else transfer.to.stage = 'standby';
    if (this.impossible !== undefined) this.#turnAway(this.impossible);
  }

  acknowledged(backup: BackupPeer, { bytes }: StateAck): void {
    const transfer = this.#transfer;
    if (transfer?.to !== backup) return;
    if (bytes > transfer.sentBytes) {
      this.#backups().drop(backup, `it acknowledged ${bytes} bytes of state, but was sent ${transfer.sentBytes}`);
      return;
    }
    transfer.progressMs = this.#context.nowMs;
    if (bytes > transfer.ackedBytes) this.#context.emit({ type: 'state-credit', bytes: bytes - transfer.ackedBytes });
    transfer.ackedBytes = Math.max(bytes, transfer.ackedBytes);
    if (!transfer.complete || bytes < transfer.sentBytes) return;
    this.#transfer = undefined;
    backup.stage = 'catching-up';
    backup.completeMs = this.#context.nowMs;
    this.#context.event('transfer-done', { id: backup.id, bytes, ms: this.#context.nowMs - transfer.startedMs });
  }

  #begin(to: BackupPeer): void {
    const capture = ++this.#captures;
    const { nowMs } = this.#context;
    to.stage = 'receiving';
    this.#transfer = { capture, to, startedMs: nowMs, sentBytes: 0, ackedBytes: 0, complete: false, progressMs: nowMs };
    this.#context.event('transfer-started', { id: to.id });
    this.#context.emit({ type: 'capture', capture });
  }

  /**
   * Caught up: its guest runs, and it has all that was logged when it was first seen to run. Output then waits for it too; so
   * what was released without it stays where it is, and once it has all of that it may be trusted with the service. A primary
   * that was stopped for a while hears old acknowledgements first: it must know that the newcomer is still there.
   */
  #promote(backup: BackupPeer, lastEvent: number, releasedEvent: number): void {
    if (!backup.lease.isValid(this.#context.nowMs)) return;
    if (backup.stage === 'catching-up' && backup.executed.counter > 0) {
      backup.caughtUpAtEvent ??= lastEvent;
      if (backup.receivedEvent >= backup.caughtUpAtEvent) backup.stage = 'arming';
    }
    if (backup.stage === 'arming' && backup.receivedEvent >= releasedEvent) backup.stage = 'ready';
  }

  /** Sent state that is not acknowledged, or a guest that does not start. */
  #dropStalled(): void {
    const { nowMs, config } = this.#context;
    const transfer = this.#transfer;
    if (transfer !== undefined) {
      if (transfer.sentBytes === transfer.ackedBytes) transfer.progressMs = nowMs;
      const stalledMs = nowMs - transfer.progressMs;
      const stalled = stalledMs > STALLED_TIMEOUTS * config.failureTimeoutMs;
      if (stalled) this.#backups().drop(transfer.to, `it has acknowledged no state for ${Math.round(stalledMs)} ms`);
    }
    for (const backup of this.#backups().all()) {
      if (backup.stage !== 'catching-up' || backup.executed.counter > 0) continue;
      if (nowMs - backup.completeMs > config.joinTimeoutMs) this.#backups().drop(backup, 'its guest has not started');
    }
  }

  #turnAway(reason: string): void {
    for (const backup of this.#backups().all()) {
      if (backup.stage !== 'standby') continue;
      const epoch = this.#membership.epoch;
      this.#context.send(backup.peer, { type: 'refuse', epoch, code: 'not-capturable', reason });
      this.#backups().drop(backup, reason);
    }
  }
}
