/**
 * Backups of a predecessor that has died: for a while a replica that went live waits for them, and sends them what their
 * logs are short of, so that they need not be given the guest's state anew. Those that its record names may go live
 * themselves, so output waits for them until they are back or known to be lost.
 */
import { type Member, sameMember } from '../arbiter/arbiter.js';
import type { Context } from './context.js';
import { isPrefix } from './log-end.js';
import type { Hello, LogBatch, LogEnd } from './messages.js';
import type { RetainedLog } from './retained-log.js';
import type { PeerId } from './types.js';

/** The others lose their primary at much the same time, by the same timeout at the latest. */
const WAIT_TIMEOUTS = 2;

/** What a backup has that goes live. */
export interface Inheritance {
  /** The other backups of its predecessor's record. */
  readonly others: readonly Member[];
  /** The end of the log. */
  readonly log: RetainedLog;
  /** Where the reigns so far have ended in it. */
  readonly history: readonly LogEnd[];
  /** The connection to a predecessor that has handed over, and the epoch that it is told. */
  readonly predecessor: { readonly peer: PeerId; readonly epoch: number } | undefined;
}

export type Resumption =
  | { readonly tail: readonly LogBatch[] }
  | { readonly refused: 'not-resumable'; readonly reason: string };

export class Returning {
  readonly #context: Context;
  readonly #named: (member: Member) => boolean;
  readonly #inherited: Inheritance | undefined;
  /** Those who have not come back. */
  #others: readonly Member[];
  #log: RetainedLog | undefined;
  #untilMs: number;
  #guestLive = false;
  /** As long as it has not been told that this replica is live. */
  #predecessor: Inheritance['predecessor'];

  /** `named`: whether the record names a member. */
  constructor(context: Context, named: (member: Member) => boolean, inherited: Inheritance | undefined) {
    this.#context = context;
    this.#named = named;
    this.#inherited = inherited;
    this.#others = inherited?.others ?? [];
    this.#predecessor = inherited?.predecessor;
    this.#log = this.#others.length > 0 ? inherited?.log : undefined;
    this.#untilMs = context.nowMs + WAIT_TIMEOUTS * context.config.failureTimeoutMs;
  }

  /** Where earlier reigns ended in this replica's log. */
  get history(): readonly LogEnd[] {
    return this.#inherited?.history ?? [];
  }

  /** How many may still come. */
  get expected(): number {
    return this.#others.length;
  }

  /** Whether the record names somebody who may still come. */
  get awaits(): boolean {
    return this.#others.some(this.#named);
  }

  begin(): void {
    // The others hear from the predecessor who serves now. Where there are none, it has the time until clients are served.
    if (this.#others.length > 0) this.#takeLeave();
    for (const { address } of this.#others) if (address !== undefined) this.#context.emit({ type: 'probe', address });
  }

  slept(gapMs: number): void {
    this.#untilMs += gapMs;
  }

  tick(): void {
    if (this.#context.nowMs < this.#untilMs) return;
    for (const member of this.#others) this.#lose(member, 'it has not come back from its lost primary');
  }

  logged(batch: LogBatch): void {
    this.#log?.push(batch);
  }

  /** Everything of the predecessor's log has been executed: what clients may lack of that is known now. */
  guestLive(): void {
    this.#guestLive = true;
    this.#takeLeave();
    if (this.#inherited === undefined || this.#inherited.others.length === 0) return;
    this.#context.emit({ type: 'keep-outputs', event: this.#inherited.history.at(-1)?.event ?? 0 });
    this.#closeIfDone();
  }

  /** Another incarnation of somebody who is awaited: that one will not come. */
  met({ id, incarnation }: Hello): void {
    for (const member of this.#others) {
      if (member.id === id && member.incarnation !== incarnation) this.#lose(member, 'it has been started again');
    }
  }

  /** Nobody listens at `address` any more. */
  gone(address: string): void {
    for (const member of this.#others) if (member.address === address) this.#lose(member, 'its process is gone');
  }

  /** Whether, and with what, a backup can go on whose log ends with `end`. */
  resume(hello: Hello, end: LogEnd): Resumption {
    const tail = isPrefix(end, this.history) ? this.#log?.after(end.event) : undefined;
    if (tail !== undefined) return { tail };
    const member = this.#others.find((other) => sameMember(other, hello));
    const where = `its log ends at event ${end.event} of reign ${end.reign}`;
    const reason = `${where}, and cannot go on from there; it needs the guest's state`;
    if (member !== undefined) this.#lose(member, reason);
    return { refused: 'not-resumable', reason };
  }

  /** It is back, with everything that it was short of. */
  resumed(hello: Hello): void {
    this.#others = this.#others.filter((member) => !sameMember(member, hello));
    this.#closeIfDone();
  }

  #takeLeave(): void {
    const predecessor = this.#predecessor;
    this.#predecessor = undefined;
    if (predecessor === undefined) return;
    const { peer, epoch } = predecessor;
    this.#context.send(peer, { type: 'live', epoch });
    this.#context.close(peer, 'this replica is live now');
  }

  #lose(lost: Member, reason: string): void {
    this.#others = this.#others.filter((member) => member !== lost);
    this.#context.event('backup-lost', { id: lost.id, reason });
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#others.length > 0) return;
    this.#log = undefined;
    if (this.#guestLive) this.#context.emit({ type: 'drop-outputs' });
  }
}
