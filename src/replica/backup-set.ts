/** The connections of a primary: strangers that have not said hello yet, and the backups that were taken in. */
import type { Member } from '../arbiter/arbiter.js';
import { POSITION_ZERO, type Position } from '../log/entry.js';
import { BackupPeer } from './backup-peer.js';
import type { Context } from './context.js';
import { checkHello, type Refusal } from './handshake.js';
import type { Membership } from './membership.js';
import type { Ack, Heartbeat, Hello, LogEnd, Message } from './messages.js';
import type { LogBatch, PeerId } from './types.js';

/** How a replica can be taken in, if it can. `tail`: what it is short of, which it has told. */
export type Joinable =
  | 'from-start'
  | 'by-state'
  | { readonly tail: readonly LogBatch[] }
  | { readonly refused: 'shutting-down' | 'not-capturable' | 'not-resumable'; readonly reason: string };

/** A connection must say hello within this time. */
const HELLO_TIMEOUT_MS = 5_000;

export class BackupSet {
  readonly #context: Context;
  readonly #membership: Membership;
  readonly #backups = new Map<PeerId, BackupPeer>();
  /** When each connection without a hello was made. */
  readonly #strangers = new Map<PeerId, number>();

  /** `history`: where earlier reigns ended in the log; `onGone` hears of every backup that is not there any more. */
  constructor(
    context: Context,
    membership: Membership,
    private readonly history: readonly LogEnd[],
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

  /** The log up to here is with every backup that may go live, now or soon; 0 if some of them are not connected. */
  commonEvent(): number {
    const named = this.#membership.configurations().flatMap(({ backups }) => backups);
    const received = named.map((member) => this.find(member)?.receivedEvent ?? 0);
    for (const { receivedEvent } of [...this.ready(), ...this.arming()]) received.push(receivedEvent);
    return received.length === 0 ? 0 : Math.min(...received);
  }

  /** Backups that output must wait for although no record names them yet. */
  arming(): BackupPeer[] {
    return [...this.#backups.values()].filter(({ stage }) => stage === 'arming');
  }

  /** Tells everybody, those who stand by included. */
  broadcast(message: Message, except?: PeerId): void {
    for (const peer of this.#backups.keys()) if (peer !== except) this.#context.send(peer, message);
  }

  /** Tells those who are in the record what it says. */
  tellMembers(): void {
    for (const backup of this.ready()) this.#tell(backup);
  }

  /** Sends a batch of the log to everybody who follows it. */
  append(batch: LogBatch): void {
    for (const backup of this.#backups.values()) if (backup.followsLog) this.#append(backup, batch);
  }

  released(event: number, everywhere: number): void {
    const epoch = this.#membership.epoch;
    for (const { followsLog, peer } of this.#backups.values()) {
      if (followsLog) this.#context.send(peer, { type: 'released', epoch, event, everywhere });
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

  /** Answers a hello. `joinable` says what the state of the service allows. Returns whether the replica was taken in. */
  hello(peer: PeerId, hello: Hello, joinable: Joinable): boolean {
    if (!this.#strangers.delete(peer)) return false;
    const refusal = checkHello(this.#context.config, hello) ?? this.#checkState(hello, joinable);
    if (refusal !== undefined) {
      this.#refuse(peer, hello, refusal);
      return false;
    }
    if (hello.logEnd !== undefined && typeof joinable === 'object' && 'tail' in joinable) {
      this.#resume(peer, hello, hello.logEnd, joinable.tail);
    } else {
      const fromStart = joinable === 'from-start';
      this.#backups.set(peer, new BackupPeer(this.#context, peer, hello, fromStart ? 'ready' : 'standby'));
      this.#welcome(peer, fromStart ? 1 : 0);
    }
    return true;
  }

  /**
   * It goes on from where its log ends. If the record names it, it has all that was ever released; else it is armed like any
   * newcomer that has the guest's state.
   */
  #resume(peer: PeerId, hello: Hello, { event }: LogEnd, tail: readonly LogBatch[]): void {
    const backup = new BackupPeer(this.#context, peer, hello, 'catching-up');
    backup.followsLog = true;
    backup.receivedEvent = event;
    backup.completeMs = this.#context.nowMs;
    if (this.#membership.has(backup.member)) backup.stage = 'ready';
    this.#backups.set(peer, backup);
    this.#welcome(peer, event + 1);
    this.#context.emit({ type: 'send-outputs', peer });
    for (const batch of tail) this.#append(backup, batch);
    this.#tell(backup);
    this.#sendHeartbeat(backup, POSITION_ZERO);
    this.#context.event('backup-resumed', { id: hello.id, lastEvent: event });
  }

  #welcome(peer: PeerId, firstEvent: number): void {
    const { epoch, reign } = this.#membership;
    const { history } = this;
    this.#context.send(peer, { type: 'welcome', ...this.#context.self, epoch, firstEvent, reign, history });
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
    for (const backup of this.#backups.values()) this.#sendHeartbeat(backup, executed);
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

  #sendHeartbeat(backup: BackupPeer, executed: Position): void {
    const message = this.#context.heartbeat('primary', this.#membership.epoch, executed, backup.heardSentMs);
    this.#context.emit({ type: 'heartbeat', address: backup.logAddress, message });
    this.#context.send(backup.peer, message);
  }

  #append(backup: BackupPeer, batch: LogBatch): void {
    this.#context.send(backup.peer, { type: 'append', epoch: this.#membership.epoch, ...batch });
    if (backup.stage !== 'ready') backup.backlog.push(batch.lastEvent, batch.batch.byteLength, this.#context.nowMs);
  }

  #tell(backup: BackupPeer): void {
    if (this.#membership.has(backup.member)) this.#context.send(backup.peer, this.#membership.configured);
  }

  #forget(backup: BackupPeer, reason: string): void {
    this.#backups.delete(backup.peer);
    this.#context.event('backup-lost', { id: backup.id, reason });
    this.onGone(backup, reason);
  }

  #checkState(hello: Hello, joinable: Joinable): Refusal | undefined {
    if (typeof joinable === 'object' && 'refused' in joinable) {
      return { code: joinable.refused, reason: joinable.reason };
    }
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
