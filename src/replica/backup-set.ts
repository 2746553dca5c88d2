/** The connections of a primary: strangers that have not said hello yet, and the backups that were taken in. */
import type { Member } from '../arbiter/arbiter.js';
import type { Position } from '../log/entry.js';
import { BackupPeer } from './backup-peer.js';
import type { Context } from './context.js';
import { checkHello, type Refusal } from './handshake.js';
import type { Membership } from './membership.js';
import type { Ack, Heartbeat, Hello, Message } from './messages.js';
import type { PeerId } from './types.js';

/** A connection must say hello within this time. */
const HELLO_TIMEOUT_MS = 5_000;

export class BackupSet {
  readonly #context: Context;
  readonly #membership: Membership;
  readonly #backups = new Map<PeerId, BackupPeer>();
  /** When each connection without a hello was made. */
  readonly #strangers = new Map<PeerId, number>();

  constructor(context: Context, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /** In the order in which they came. */
  members(): Member[] {
    return [...this.#backups.values()].map((backup) => backup.member);
  }

  find(member: Member): BackupPeer | undefined {
    for (const backup of this.#backups.values()) if (backup.is(member)) return backup;
    return undefined;
  }

  /** A backup that may claim the epoch. */
  successor(): BackupPeer | undefined {
    return [...this.#backups.values()].find((backup) => this.#membership.has(backup.member));
  }

  /** Last event that the slowest backup has executed; undefined without backups. */
  executedEvent(): number | undefined {
    let slowest: number | undefined;
    for (const { executed } of this.#backups.values()) slowest = Math.min(slowest ?? executed.event, executed.event);
    return slowest;
  }

  broadcast(message: Message): void {
    for (const peer of this.#backups.keys()) this.#context.send(peer, message);
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

  /** Answers a hello. `joinable` says whether the state of the service allows anybody to join. */
  hello(peer: PeerId, hello: Hello, joinable: 'yes' | 'already-run' | 'shutting-down'): void {
    if (!this.#strangers.delete(peer)) return;
    const refusal = checkHello(this.#context.config, hello) ?? this.#checkState(hello, joinable);
    if (refusal !== undefined) {
      this.#refuse(peer, hello, refusal);
      return;
    }
    this.#backups.set(peer, new BackupPeer(this.#context, peer, hello));
    const epoch = this.#membership.epoch;
    this.#context.send(peer, { type: 'welcome', ...this.#context.self, epoch, firstEvent: 1 });
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
      const message: Heartbeat = {
        type: 'heartbeat',
        ...this.#context.self,
        epoch: this.#membership.epoch,
        role: 'primary',
        executed,
        sentMs: this.#context.nowMs,
        echoMs: backup.heardSentMs,
      };
      this.#context.emit({ type: 'heartbeat', address: backup.logAddress, message });
      this.#context.send(backup.peer, message);
    }
  }

  /** Drops backups that say nothing, and members that acknowledge nothing although the log, up to `lastEvent`, was sent. */
  dropSilent(lastEvent: number): void {
    const { nowMs } = this.#context;
    for (const backup of [...this.#backups.values()]) {
      const owes = backup.receivedEvent < lastEvent && this.#membership.has(backup.member);
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
  }

  #checkState(hello: Hello, joinable: 'yes' | 'already-run' | 'shutting-down'): Refusal | undefined {
    if (joinable === 'shutting-down') return { code: 'shutting-down', reason: 'the service is about to end' };
    if ([...this.#backups.values()].some((backup) => backup.id === hello.id)) {
      return { code: 'duplicate-id', reason: `a backup called ${JSON.stringify(hello.id)} has already joined` };
    }
    if (joinable === 'already-run' || hello.position.event > 0) {
      const reason =
        `the guest on ${this.#context.config.id} has already run, and a backup can only join from the beginning; ` +
        'start the service again with this backup, before the guest starts';
      return { code: 'already-run', reason };
    }
    return undefined;
  }

  #refuse(peer: PeerId, hello: Hello, refusal: Refusal): void {
    this.#context.event('backup-refused', { id: hello.id, code: refusal.code, reason: refusal.reason });
    this.#context.send(peer, { type: 'refuse', epoch: this.#membership.epoch, ...refusal });
    this.#context.close(peer, refusal.reason);
  }
}
