/** The connections of a primary: strangers that have not said hello yet, and the backups that were taken in. */
import type { Member } from '../arbiter/arbiter.js';
import type { Position } from '../log/entry.js';
import { BackupPeer } from './backup-peer.js';
import type { Context } from './context.js';
import { checkHello, type Refusal } from './handshake.js';
import type { Membership } from './membership.js';
import type { Ack, Heartbeat, Hello, Message } from './messages.js';
import type { LogBatch, PeerId } from './types.js';

/** How a newcomer can be taken in, if it can. */
export type Joinable =
  | 'from-start'
  | 'by-state'
  | { readonly refused: 'shutting-down' | 'not-capturable'; readonly reason: string };

/** A connection must say hello within this time. */
const HELLO_TIMEOUT_MS = 5_000;

export class BackupSet {
  readonly #context: Context;
  readonly #membership: Membership;
  readonly #backups = new Map<PeerId, BackupPeer>();
  /** When each connection without a hello was made. */
  readonly #strangers = new Map<PeerId, number>();

  /** `onGone` hears of every backup that is not there any more. */
  constructor(
    context: Context,
    membership: Membership,
    private readonly onGone: (backup: BackupPeer, reason: string) => void,
  ) {
    this.#context = context;
    this.#membership = membership;
  }

  /** Those who should be in the record, in the order in which they came. */
  ready(): BackupPeer[] {
    return [...this.#backups.values()].filter(({ stage }) => stage === 'ready');
  }

  /** Everybody who is connected, in the order in which they came. */
  all(): BackupPeer[] {
    return [...this.#backups.values()];
  }

  find(member: Member): BackupPeer | undefined {
    for (const backup of this.#backups.values()) if (backup.is(member)) return backup;
    return undefined;
  }

  /** A backup that may claim the epoch and has the log up to `lastEvent`. */
  successor(lastEvent: number): BackupPeer | undefined {
    return this.ready().find(({ member, receivedEvent }) => this.#membership.has(member) && receivedEvent >= lastEvent);
  }

  /** Last event that the slowest backup has executed; undefined without backups. */
  executedEvent(): number | undefined {
    let slowest: number | undefined;
    for (const { executed } of this.ready()) slowest = Math.min(slowest ?? executed.event, executed.event);
    return slowest;
  }

  /** Backups that output must wait for although no record names them yet. */
  arming(): BackupPeer[] {
    return [...this.#backups.values()].filter(({ stage }) => stage === 'arming');
  }

  /** Tells everybody, those who stand by included. */
  broadcast(message: Message): void {
    for (const peer of this.#backups.keys()) this.#context.send(peer, message);
  }

  /** Tells those who are in the record. */
  tellMembers(message: Message): void {
    for (const backup of this.ready()) {
      if (this.#membership.has(backup.member)) this.#context.send(backup.peer, message);
    }
  }

  /** Sends a batch of the log to everybody who follows it. */
  append(batch: LogBatch): void {
    const epoch = this.#membership.epoch;
    for (const backup of this.#backups.values()) {
      if (!backup.followsLog) continue;
      this.#context.send(backup.peer, { type: 'append', epoch, ...batch });
      if (backup.stage !== 'ready') backup.backlog.push(batch.lastEvent, batch.batch.byteLength, this.#context.nowMs);
    }
  }

  released(event: number): void {
    const epoch = this.#membership.epoch;
    for (const { followsLog, peer } of this.#backups.values()) {
      if (followsLog) this.#context.send(peer, { type: 'released', epoch, event });
    }
  }

  /** A newcomer that cannot keep up must not make this process grow; it may try again. */
  dropOverrun(): void {
    for (const backup of [...this.#backups.values()]) {
      if (backup.stage === 'ready') continue;
      backup.backlog.drop(Math.min(backup.receivedEvent, backup.executed.event));
      if (backup.backlog.bytesAfter(backup.executed.event) <= this.#context.config.backlogBytesMax) continue;
      this.drop(backup, 'it does not keep up with the log');
    }
  }

  connected(peer: PeerId): void {
    this.#strangers.set(peer, this.#context.nowMs);
  }

  closed(peer: PeerId, reason: string): void {
    this.#strangers.delete(peer);
    const backup = this.#backups.get(peer);
    if (backup !== undefined) this.#forget(backup, reason);
  }

  drop(backup: BackupPeer, reason: string): void {
    this.#context.close(backup.peer, reason);
    this.#forget(backup, reason);
  }

  /** Answers a hello. `joinable` says what the state of the service allows. */
  hello(peer: PeerId, hello: Hello, joinable: Joinable): void {
    if (!this.#strangers.delete(peer)) return;
    const refusal = checkHello(this.#context.config, hello) ?? this.#checkState(hello, joinable);
    if (refusal !== undefined) {
      this.#refuse(peer, hello, refusal);
      return;
    }
    const fromStart = joinable === 'from-start';
    this.#backups.set(peer, new BackupPeer(this.#context, peer, hello, fromStart ? 'ready' : 'standby'));
    const epoch = this.#membership.epoch;
    this.#context.send(peer, { type: 'welcome', ...this.#context.self, epoch, firstEvent: fromStart ? 1 : 0 });
  }

  /** The backup that a message comes from, if the message may be believed (R5). */
  sender(peer: PeerId, message: Message): BackupPeer | undefined {
    const backup = this.#backups.get(peer);
    if (backup === undefined) {
      if (this.#strangers.delete(peer)) this.#context.close(peer, `expected a hello, got ${message.type}`);
      return undefined;
    }
    if (message.epoch < this.#membership.reign) {
      this.drop(backup, `its ${message.type} is of epoch ${message.epoch}, before ${this.#membership.reign}`);
      return undefined;
    }
    backup.detector.heard(this.#context.nowMs);
    if (message.epoch > this.#membership.epoch && message.type !== 'live') {
      this.#membership.suspect(message.epoch);
      return undefined;
    }
    return backup;
  }

  acknowledged(backup: BackupPeer, ack: Ack, lastEvent: number): void {
    if (ack.receivedEvent > lastEvent) {
      this.drop(backup, `it acknowledged event ${ack.receivedEvent}, but the log ends at ${lastEvent}`);
      return;
    }
    if (ack.receivedEvent > backup.receivedEvent) backup.progress.heard(this.#context.nowMs);
    backup.receivedEvent = Math.max(backup.receivedEvent, ack.receivedEvent);
    backup.hasExecuted(ack.executed);
  }

  /** From the channel or as a datagram; datagrams may be late, doubled or forged, so nothing here goes backwards. */
  heartbeat(message: Heartbeat): void {
    const backup = this.find(message);
    if (backup === undefined || message.echoMs > this.#context.nowMs) return;
    backup.detector.heard(this.#context.nowMs);
    backup.heardSentMs = Math.max(backup.heardSentMs, message.sentMs);
    if (message.echoMs > 0) backup.lease.renew(message.echoMs);
    backup.hasExecuted(message.executed);
  }

  sendHeartbeats(executed: Position): void {
    for (const backup of this.#backups.values()) {
      const message = this.#context.heartbeat('primary', this.#membership.epoch, executed, backup.heardSentMs);
      this.#context.emit({ type: 'heartbeat', address: backup.logAddress, message });
      this.#context.send(backup.peer, message);
    }
  }

  /** Drops backups that say nothing, and members that acknowledge nothing although the log, up to `lastEvent`, was sent. */
  dropSilent(lastEvent: number): void {
    const { nowMs } = this.#context;
    for (const backup of [...this.#backups.values()]) {
      const awaited = backup.stage === 'arming' || this.#membership.has(backup.member);
      const owes = backup.receivedEvent < lastEvent && awaited;
      if (!owes) backup.progress.heard(nowMs);
      if (backup.detector.isSilent(nowMs)) {
        this.#context.event('peer-silent', { id: backup.id, silentMs: backup.detector.silentMs(nowMs) });
        this.drop(backup, 'it was silent for the failure timeout');
      } else if (backup.progress.isSilent(nowMs)) {
        const stalledMs = Math.round(backup.progress.silentMs(nowMs));
        this.drop(backup, `it has acknowledged nothing for ${stalledMs} ms; its log channel is stalled`);
      }
    }
    for (const [peer, sinceMs] of [...this.#strangers]) {
      if (nowMs - sinceMs < HELLO_TIMEOUT_MS) continue;
      this.#strangers.delete(peer);
      this.#context.close(peer, 'no hello in time');
    }
  }

  forgive(gapMs: number): void {
    for (const { detector, progress } of this.#backups.values()) {
      detector.forgive(gapMs);
      progress.forgive(gapMs);
    }
  }

  #forget(backup: BackupPeer, reason: string): void {
    this.#backups.delete(backup.peer);
    this.#context.event('backup-lost', { id: backup.id, reason });
    this.onGone(backup, reason);
  }

  #checkState(hello: Hello, joinable: Joinable): Refusal | undefined {
    if (typeof joinable === 'object') return { code: joinable.refused, reason: joinable.reason };
    if ([...this.#backups.values()].some((backup) => backup.id === hello.id)) {
      return { code: 'duplicate-id', reason: `a backup called ${JSON.stringify(hello.id)} has already joined` };
    }
    return undefined;
  }

  #refuse(peer: PeerId, hello: Hello, refusal: Refusal): void {
    this.#context.event('backup-refused', { id: hello.id, code: refusal.code, reason: refusal.reason });
    this.#context.send(peer, { type: 'refuse', epoch: this.#membership.epoch, ...refusal });
    this.#context.close(peer, refusal.reason);
  }
}
