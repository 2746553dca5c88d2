/**
 * A backup: joins its primary, acknowledges the log on receipt and feeds it to the guest, and claims the epoch when
 * the primary is gone. It performs no output (R2).
 */
import type { ArbiterState } from '../arbiter/arbiter.js';
import { POSITION_ZERO, type Position } from '../log/entry.js';
import { ArbiterCheck } from './arbiter-check.js';
import type { ArbiterSession } from './arbiter-session.js';
import type { Context } from './context.js';
import { SilenceDetector } from './detector.js';
import { EXIT_CODES } from './exit-codes.js';
import { type ClaimDecision, claimEpoch } from './failover.js';
import type { Append, GuestOutcome, Handover, Heartbeat, Message, Welcome } from './messages.js';
import { PrimaryLink } from './primary-link.js';
import type { Role, RoleInput } from './role.js';
import type { PeerId } from './types.js';

/** What a backup brings along when it goes live. */
export interface Promotion {
  readonly state: ArbiterState;
  readonly lastEvent: number;
  /** Set if the replayed guest has ended already. */
  readonly outcome: GuestOutcome | undefined;
}

/**
 * - joining: not taken in yet
 * - following: the log comes in
 * - orphaned: the connection is gone, but the primary may be alive; its lease must run out first (lease.ts)
 * - claiming: asking the arbiter for the epoch
 */
type Phase = 'joining' | 'following' | 'orphaned' | 'claiming';

export class Backup implements Role {
  readonly #context: Context;
  readonly #arbiter: ArbiterSession;
  readonly #onPromoted: (promotion: Promotion) => void;
  readonly #link: PrimaryLink;
  readonly #check: ArbiterCheck;
  #phase: Phase = 'joining';
  #primary: Welcome | undefined;
  #detector: SilenceDetector;
  #epoch = 0;
  /** True once a record with this backup as a member was announced. */
  #member = false;
  #guestStarted = false;
  /** Why the attempt to join was given up. */
  #givenUp: string | undefined;
  #receivedEvent = 0;
  #executed: Position = POSITION_ZERO;
  #outcome: GuestOutcome | undefined;
  #heardSentMs = 0;
  #nextHeartbeatMs = 0;

  constructor(context: Context, arbiter: ArbiterSession, onPromoted: (promotion: Promotion) => void) {
    this.#context = context;
    this.#arbiter = arbiter;
    this.#onPromoted = onPromoted;
    this.#link = new PrimaryLink(context, (reason) => this.#giveUp(reason));
    this.#check = new ArbiterCheck(context, arbiter);
    this.#detector = new SilenceDetector(context.config.failureTimeoutMs, context.nowMs);
  }

  get epoch(): number {
    return this.#epoch;
  }

  handle(input: RoleInput): void {
    switch (input.type) {
      case 'start':
        this.#check.usable(() => this.#link.begin());
        break;
      case 'tick':
        this.#onTick();
        break;
      case 'peer-connected':
        if (input.dialled) this.#onDialled(input.peer);
        break;
      case 'connect-failed':
        if (this.#phase === 'joining') this.#link.failed(input.reason);
        break;
      case 'peer-closed':
        if (input.peer === this.#link.peer) this.#onClosed(input.reason);
        break;
      case 'message':
        this.#onMessage(input.peer, input.message);
        break;
      case 'heartbeat':
        this.#onHeartbeat(input.message);
        break;
      case 'probe-result':
        if (this.#phase === 'orphaned' && input.gone) this.#claim('its process is gone');
        break;
      case 'executed':
        this.#executed = input.position;
        break;
      case 'guest-exit':
        this.#outcome = input.outcome;
        break;
      case 'guest-diverged':
        this.#onDiverged(input.report);
        break;
      case 'shutdown':
        this.#leave();
        break;
      default:
        break;
    }
  }

  slept(gapMs: number): void {
    this.#detector.forgive(gapMs);
  }

  #onTick(): void {
    if (this.#phase === 'joining') this.#link.tick();
    if (this.#phase === 'following' || this.#phase === 'orphaned') this.#watchPrimary();
    if (this.#phase !== 'following') return;
    this.#check.tick();
    if (this.#context.nowMs >= this.#nextHeartbeatMs) this.#sendHeartbeat();
  }

  #watchPrimary(): void {
    const { nowMs } = this.#context;
    if (!this.#detector.isSilent(nowMs)) return;
    this.#context.event('peer-silent', { id: this.#primary?.id, silentMs: this.#detector.silentMs(nowMs) });
    this.#link.close('silent');
    this.#claim('it was silent for the failure timeout');
  }

  #onDialled(peer: PeerId): void {
    if (this.#phase === 'joining') this.#link.connected(peer, this.#epoch);
    else this.#context.close(peer, 'not needed any more');
  }

  #onClosed(reason: string): void {
    if (this.#phase === 'joining') this.#link.failed(reason);
    else if (this.#phase === 'following') this.#orphan(reason);
    else this.#link.peer = undefined;
  }

  #onMessage(peer: PeerId, message: Message): void {
    if (peer !== this.#link.peer) {
      this.#turnAway(peer, message);
      return;
    }
    if (this.#phase === 'claiming') return;
    if (message.epoch < this.#epoch) {
      this.#distrust(`${message.type} is of epoch ${message.epoch}, before ${this.#epoch}`);
      return;
    }
    if (this.#phase === 'joining') this.#onJoining(peer, message);
    else this.#onFollowing(peer, message);
  }

  #onJoining(peer: PeerId, message: Message): void {
    if (message.type === 'welcome' && message.firstEvent === 1) this.#join(message);
    else if (message.type === 'refuse') this.#link.refused(message);
    else {
      this.#context.close(peer, `expected a welcome, got ${message.type}`);
      this.#link.failed(`it answered the hello with ${message.type}`);
    }
  }

  #onFollowing(peer: PeerId, message: Message): void {
    this.#epoch = message.epoch;
    this.#detector.heard(this.#context.nowMs);
    switch (message.type) {
      case 'append':
        this.#append(peer, message);
        break;
      case 'heartbeat':
        this.#onHeartbeat(message);
        break;
      case 'released':
        this.#context.emit({ type: 'trim', event: message.event });
        break;
      case 'configured':
        if (!this.#member) this.#check.expect(message.epoch);
        this.#member = true;
        break;
      case 'handover':
        this.#onHandover(message);
        break;
      case 'finished':
        this.#finished(message.outcome);
        break;
      default:
        this.#distrust(`it sent ${message.type}, which a primary does not send here`);
    }
  }

  #join(welcome: Welcome): void {
    this.#primary = welcome;
    this.#epoch = welcome.epoch;
    this.#member = false;
    this.#heardSentMs = 0;
    this.#phase = 'following';
    this.#link.joined();
    this.#startGuest();
    this.#detector = new SilenceDetector(this.#context.config.failureTimeoutMs, this.#context.nowMs);
    this.#context.event('ready', { role: 'backup', epoch: welcome.epoch, primary: welcome.id });
  }

  #startGuest(): void {
    if (this.#guestStarted) return;
    this.#guestStarted = true;
    this.#context.emit({ type: 'start-guest', mode: 'replay' });
    this.#context.event('guest-started', { mode: 'replay' });
  }

  /** Acknowledged on receipt, not on execution (R1). */
  #append(peer: PeerId, message: Append): void {
    const { firstEvent, lastEvent, counter, batch } = message;
    if (firstEvent !== this.#receivedEvent + 1 || lastEvent < firstEvent) {
      this.#distrust(`it sent events ${firstEvent} to ${lastEvent} after event ${this.#receivedEvent}`);
      return;
    }
    this.#receivedEvent = lastEvent;
    this.#context.emit({ type: 'append-to-guest', firstEvent, lastEvent, counter, batch });
    const ack = { type: 'ack', epoch: this.#epoch, receivedEvent: lastEvent, executed: this.#executed } as const;
    this.#context.send(peer, ack);
  }

  #onHandover(message: Handover): void {
    if (message.lastEvent === this.#receivedEvent) this.#claim('it handed over');
    else this.#distrust(`it handed over at event ${message.lastEvent}, but its log ended at ${this.#receivedEvent}`);
  }

  #onHeartbeat(message: Heartbeat): void {
    const primary = this.#primary;
    if (primary === undefined || message.id !== primary.id || message.incarnation !== primary.incarnation) return;
    if (message.epoch < primary.epoch || message.role !== 'primary') return;
    this.#detector.heard(this.#context.nowMs);
    this.#heardSentMs = Math.max(this.#heardSentMs, message.sentMs);
  }

  #sendHeartbeat(): void {
    this.#nextHeartbeatMs = this.#context.nowMs + this.#context.config.heartbeatMs;
    const message: Heartbeat = {
      type: 'heartbeat',
      ...this.#context.self,
      epoch: this.#epoch,
      role: 'backup',
      executed: this.#executed,
      sentMs: this.#context.nowMs,
      echoMs: this.#heardSentMs,
    };
    this.#context.emit({ type: 'heartbeat', address: this.#link.address, message });
    if (this.#link.peer !== undefined) this.#context.send(this.#link.peer, message);
  }

  /** The primary breaks the protocol: fail-stop, as if it had died (R11). */
  #distrust(reason: string): void {
    this.#link.close(reason);
    if (this.#phase === 'following') this.#orphan(reason);
    else this.#link.failed(reason);
  }

  /**
   * A closed connection is a strong hint (R9). A process that is certainly dead needs no waiting; any other may still
   * hold a lease on our acknowledgements.
   */
  #orphan(reason: string): void {
    this.#link.peer = undefined;
    this.#phase = 'orphaned';
    this.#context.event('primary-lost', { id: this.#primary?.id, reason });
    this.#context.emit({ type: 'probe', address: this.#link.address });
  }

  #claim(reason: string): void {
    if (this.#phase === 'following') this.#context.event('primary-lost', { id: this.#primary?.id, reason });
    this.#phase = 'claiming';
    const { config, self } = this.#context;
    claimEpoch(this.#arbiter, self, config.service, {
      won: (state) => this.#won(state),
      notMine: (decision, current) => this.#notMine(decision, current),
    });
  }

  /**
   * Not joined in time. A primary may have died between writing us into the record and telling us; its guest's output
   * was never released then, and nobody but us can serve.
   */
  #giveUp(reason: string): void {
    this.#givenUp = reason;
    this.#link.close(reason);
    this.#claim(reason);
  }

  #won(state: ArbiterState): void {
    this.#startGuest();
    const { epoch } = state.record;
    this.#context.event('epoch-won', { epoch, members: [this.#context.self.id] });
    if (this.#link.peer !== undefined) this.#context.send(this.#link.peer, { type: 'live', epoch });
    this.#link.close('this replica is live now');
    this.#onPromoted({ state, lastEvent: this.#receivedEvent, outcome: this.#outcome });
  }

  #notMine(decision: Exclude<ClaimDecision, { kind: 'claim' }>, current: ArbiterState | undefined): void {
    if (decision.kind === 'foreign') this.#context.stop(EXIT_CODES.arbiter, decision.reason);
    else if (decision.kind === 'ended') this.#finished(this.#outcome);
    else if (this.#member || this.#receivedEvent > 0) this.#context.loseEpoch(this.#epoch, current);
    else if (this.#givenUp !== undefined) this.#context.stop(EXIT_CODES.primaryUnreachable, this.#givenUp);
    else this.#rejoin();
  }

  /** Nothing was received and no record names us: as good as new. */
  #rejoin(): void {
    this.#link.close('not a member');
    this.#primary = undefined;
    this.#epoch = 0;
    this.#phase = 'joining';
    this.#link.begin();
  }

  #finished(outcome: GuestOutcome | undefined): void {
    if (outcome === undefined) {
      this.#context.stop(EXIT_CODES.ok, 'the service has ended');
    } else {
      this.#context.event('guest-exit', { ...outcome });
      this.#context.stop(outcome.exitCode, `the guest has ended: ${outcome.description}`);
    }
  }

  #onDiverged(report: string): void {
    this.#context.event('diverged', { id: this.#context.self.id, report });
    if (this.#phase === 'following' && this.#link.peer !== undefined) {
      this.#context.send(this.#link.peer, { type: 'diverged', epoch: this.#epoch, report });
    }
    this.#context.stop(EXIT_CODES.divergence, report);
  }

  #leave(): void {
    if (this.#link.peer !== undefined) this.#context.send(this.#link.peer, { type: 'leaving', epoch: this.#epoch });
    this.#context.stop(EXIT_CODES.ok, 'asked to stop');
  }

  /** Another replica dialled us, or an old connection still speaks. */
  #turnAway(peer: PeerId, message: Message): void {
    if (message.type === 'hello') {
      const { id } = this.#context.self;
      const reason = `${id} is a backup; dial the primary at ${this.#link.address}`;
      this.#context.send(peer, { type: 'refuse', epoch: this.#epoch, code: 'not-primary', reason });
    }
    this.#context.close(peer, 'not the primary');
  }
}
