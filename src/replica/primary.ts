/**
 * The live replica: takes backups in, sends them the log, releases output by the output rule, keeps the arbiter's
 * record equal to the set of backups it has, and ends in good order.
 */
import type { ArbiterState, Member } from '../arbiter/arbiter.js';
import { invariant } from '../errors.js';
import type { ArbiterSession } from './arbiter-session.js';
import { BackupSet, type Joinable } from './backup-set.js';
import type { Context } from './context.js';
import { Ending } from './ending.js';
import { EXIT_CODES } from './exit-codes.js';
import { FlowControl } from './flow-control.js';
import { Membership } from './membership.js';
import type { Heartbeat, Hello, Message } from './messages.js';
import { releasableEvent, requiredAcks } from './output-rule.js';
import { Recruiting } from './recruiting.js';
import { type Inheritance, Returning } from './returning.js';
import type { Newcomers, Role, RoleInput } from './role.js';
import type { LogBatch, PeerId } from './types.js';

export interface PrimaryStart {
  readonly state: ArbiterState;
  /** Last event of the log that this replica has; 0 for a fresh guest. */
  readonly lastEvent: number;
  /** `held`: not started yet. `replaying`: a backup's guest that was told to go live. */
  readonly guest: 'held' | 'replaying';
  /** Of the primary that it succeeds. */
  readonly inheritance?: Inheritance;
}

export class Primary implements Role {
  readonly #context: Context;
  readonly #membership: Membership;
  readonly #backups: BackupSet;
  readonly #recruiting: Recruiting;
  readonly #returning: Returning;
  readonly #flow: FlowControl;
  readonly #ending: Ending;
  #guestStarted: boolean;
  /** The guest has consumed a predecessor's log, if there was one. */
  #guestLive: boolean;
  /** SIGTERM came while the guest was still consuming a predecessor's log. */
  #leaveWhenLive = false;
  #lastEvent: number;
  /** Guest's instruction counter at the last event. */
  #counter = 0;
  #releasedEvent = 0;
  /** Last event whose outputs have left, and what the backups were told of it. */
  #leftEvent = 0;
  #announcedEvent = 0;
  #announcedEverywhere = 0;
  #nextHeartbeatMs = 0;

  constructor(context: Context, arbiter: ArbiterSession, start: PrimaryStart) {
    this.#context = context;
    this.#membership = new Membership(context, arbiter, start.state, (joined) => this.#onRecord(joined));
    this.#recruiting = new Recruiting(context, this.#membership, () => this.#backups);
    this.#returning = new Returning(context, (member) => this.#membership.has(member), start.inheritance);
    const { history } = this.#returning;
    this.#backups = new BackupSet(context, this.#membership, history, (backup, why) =>
      this.#recruiting.gone(backup, why),
    );
    this.#flow = new FlowControl(context);
    this.#ending = new Ending(context, this.#membership, {
      successor: () => this.#backups.successor(this.#lastEvent),
      broadcast: (message, except) => this.#backups.broadcast(message, except),
    });
    this.#guestStarted = start.guest === 'replaying';
    this.#guestLive = start.guest === 'held';
    this.#lastEvent = start.lastEvent;
  }

  readonly name = 'primary';

  get newcomers(): Newcomers {
    const waiting = this.#backups.all().filter(({ stage }) => stage === 'standby');
    const { progress } = this.#recruiting;
    return { standbys: waiting.map(({ id }) => id), ...(progress && { transfer: progress }) };
  }

  get epoch(): number {
    return this.#membership.epoch;
  }

  /** Says what it waits for and does what can be done at once. */
  begin(): void {
    const { epoch } = this.#membership;
    if (!this.#guestStarted) {
      this.#context.event('ready', { role: 'primary', epoch });
      if (this.#context.config.minBackups > 0) this.#announceWaiting();
    }
    this.#returning.begin();
    this.#advance();
  }

  handle(input: RoleInput): void {
    this.#dispatch(input);
    if (!this.#context.stopped) this.#advance();
  }

  slept(gapMs: number): void {
    this.#backups.forgive(gapMs);
    this.#returning.slept(gapMs);
    this.#membership.checkSoon();
  }

  #dispatch(input: RoleInput): void {
    switch (input.type) {
      case 'tick':
        this.#onTick();
        break;
      case 'peer-connected':
        this.#backups.connected(input.peer);
        break;
      case 'peer-closed':
        this.#backups.closed(input.peer, input.reason);
        this.#ending.successorAnswered(input.peer, `handed over; the successor closed the connection: ${input.reason}`);
        break;
      case 'message':
        this.#onMessage(input.peer, input.message);
        break;
      case 'heartbeat':
        this.#onHeartbeat(input.message);
        break;
      case 'probe-result':
        if (input.gone) this.#returning.gone(input.address);
        break;
      case 'log':
        this.#onLog(input);
        break;
      case 'state':
        this.#recruiting.state(input);
        break;
      case 'captured':
        this.#recruiting.captured(input);
        break;
      case 'capture-failed':
        this.#recruiting.failed(input);
        break;
      case 'outputs-left':
        this.#leftEvent = Math.max(this.#leftEvent, input.event);
        break;
      case 'guest-live':
        this.#onGuestLive();
        break;
      case 'guest-diverged':
        this.#onDiverged(input.report);
        break;
      case 'guest-exit':
        this.#ending.finish(input.outcome);
        break;
      case 'shutdown':
        this.#leave();
        break;
      default:
        break;
    }
  }

  /** Everything that may have become possible by the last input. */
  #advance(): void {
    this.#recruit();
    this.#reconcile();
    this.#startGuest();
    this.#release();
    this.#flow.update(this.#releasedEvent, this.#executedEvent());
    this.#ending.advance(this.#leftEvent >= this.#lastEvent, this.#lastEvent);
  }

  /** Whoever may claim the epoch by the new record must have, among them, everything that was released under the last one. */
  #reconcile(): void {
    if (this.#ending.recordFrozen || this.#returning.awaits) return;
    const ready = this.#backups.ready();
    const complete = ready.filter(({ receivedEvent }) => receivedEvent >= this.#releasedEvent);
    if (complete.length < requiredAcks(ready.length, this.#context.config.acks)) return;
    this.#membership.reconcile(ready.map(({ member }) => member));
  }

  /** A guest that still consumes a predecessor's log is nobody's to copy yet. */
  #recruit(): void {
    if (this.#ending.begun) this.#recruiting.cancel();
    else if (this.#guestStarted && this.#guestLive) {
      this.#recruiting.advance(this.#lastEvent, this.#releasedEvent, this.#returning.expected);
    }
  }

  #startGuest(): void {
    const { minBackups } = this.#context.config;
    if (this.#guestStarted || this.#ending.begun || !this.#membership.settled) return;
    if (this.#membership.members.length - 1 < minBackups) return;
    this.#guestStarted = true;
    this.#context.emit({ type: 'start-guest', mode: 'live' });
    this.#context.event('guest-started', { mode: 'live' });
    if (this.#membership.isSolo) this.#announceSolo();
  }

  /** R1 and R5: acknowledged by those without whom nobody can go live, and nobody has gone live yet. */
  #release(): void {
    if (!this.#membership.trusted) return;
    let event = this.#lastEvent;
    for (const { backups, required } of this.#membership.configurations()) {
      const acknowledged: number[] = [];
      for (const member of backups) {
        const backup = this.#backups.find(member);
        if (backup?.lease.isValid(this.#context.nowMs)) acknowledged.push(backup.receivedEvent);
      }
      event = Math.min(event, releasableEvent(this.#lastEvent, acknowledged, required));
    }
    for (const { receivedEvent } of this.#backups.arming()) event = Math.min(event, receivedEvent);
    if (event <= this.#releasedEvent) return;
    this.#releasedEvent = event;
    this.#context.emit({ type: 'release', event });
  }

  #onGuestLive(): void {
    this.#guestLive = true;
    this.#context.event('go-live', { epoch: this.#membership.epoch, lastEvent: this.#lastEvent });
    if (this.#membership.isSolo) this.#announceSolo();
    this.#returning.guestLive();
    if (this.#leaveWhenLive) this.#leave();
  }

  /** The log of a predecessor, or one from disk, cannot be followed to its end. */
  #onDiverged(report: string): void {
    this.#context.event('diverged', { id: this.#context.self.id, report });
    this.#context.stop(EXIT_CODES.divergence, report);
  }

  /** A predecessor's log is consumed first: its outputs have been promised to clients. */
  #leave(): void {
    if (this.#guestLive) this.#ending.leave(this.#guestStarted);
    else this.#leaveWhenLive = true;
  }

  #onLog(input: LogBatch): void {
    if (this.#ending.guestStopped) return;
    const { firstEvent, lastEvent, counter, batch } = input;
    invariant(
      firstEvent === this.#lastEvent + 1 && lastEvent >= firstEvent,
      `the guest logged events ${firstEvent} to ${lastEvent} after event ${this.#lastEvent}`,
    );
    this.#lastEvent = lastEvent;
    this.#counter = counter;
    this.#flow.logged(lastEvent, batch.byteLength);
    this.#returning.logged({ firstEvent, lastEvent, counter, batch });
    this.#backups.append({ firstEvent, lastEvent, counter, batch });
  }

  #onTick(): void {
    this.#membership.poll();
    this.#returning.tick();
    // A successor says nothing until it is live.
    if (!this.#ending.handedOver) this.#backups.dropSilent(this.#lastEvent);
    this.#backups.dropOverrun();
    if (this.#context.nowMs < this.#nextHeartbeatMs) return;
    this.#nextHeartbeatMs = this.#context.nowMs + this.#context.config.heartbeatMs;
    this.#backups.sendHeartbeats({ counter: this.#counter, event: this.#lastEvent });
    this.#flow.tick(this.#executedEvent());
    const everywhere = Math.max(this.#announcedEverywhere, this.#backups.commonEvent());
    if (this.#leftEvent <= this.#announcedEvent && everywhere <= this.#announcedEverywhere) return;
    this.#announcedEvent = this.#leftEvent;
    this.#announcedEverywhere = everywhere;
    this.#backups.released(this.#leftEvent, everywhere);
  }

  #onMessage(peer: PeerId, message: Message): void {
    if (message.type === 'hello') {
      if (message.epoch > this.#membership.epoch) this.#membership.suspect(message.epoch);
      this.#onHello(peer, message);
      return;
    }
    const backup = this.#backups.sender(peer, message);
    if (backup === undefined) return;
    switch (message.type) {
      case 'heartbeat':
        this.#onHeartbeat(message);
        break;
      case 'ack':
        this.#backups.acknowledged(backup, message, this.#lastEvent);
        break;
      case 'state-ack':
        this.#recruiting.acknowledged(backup, message);
        break;
      case 'leaving':
        this.#backups.drop(backup, 'it left in good order');
        break;
      case 'diverged':
        this.#context.event('diverged', { id: backup.id, report: message.report });
        this.#backups.drop(backup, 'its replay diverged');
        break;
      case 'live':
        this.#ending.successorAnswered(peer, `handed over to ${backup.id}, live in epoch ${message.epoch}`);
        break;
      default:
        this.#backups.drop(backup, `it sent ${message.type}, which only a primary sends`);
    }
  }

  #onHeartbeat(message: Heartbeat): void {
    if (message.epoch > this.#membership.epoch) this.#membership.suspect(message.epoch);
    else if (message.epoch >= this.#membership.reign) this.#backups.heartbeat(message);
  }

  #onHello(peer: PeerId, hello: Hello): void {
    this.#returning.met(hello);
    const { logEnd } = hello;
    if (logEnd === undefined || this.#ending.recordFrozen) {
      this.#backups.hello(peer, hello, this.#joinable());
      return;
    }
    const resumption = this.#returning.resume(hello, logEnd);
    if (this.#backups.hello(peer, hello, resumption)) this.#returning.resumed(hello);
  }

  #joinable(): Joinable {
    if (this.#ending.begun) return { refused: 'shutting-down', reason: 'the service is about to end' };
    const { impossible } = this.#recruiting;
    if (impossible !== undefined) return { refused: 'not-capturable', reason: impossible };
    return this.#guestStarted ? 'by-state' : 'from-start';
  }

  /** The record was rewritten: tell the operator and the backups. */
  #onRecord(joined: readonly Member[]): void {
    const { epoch } = this.#membership;
    for (const member of joined) this.#context.event('backup-joined', { id: member.id, epoch });
    this.#backups.tellMembers();
    if (this.#guestStarted && this.#membership.isSolo && !this.#ending.recordFrozen) this.#announceSolo();
    if (!this.#guestStarted && this.#membership.members.length - 1 < this.#context.config.minBackups)
      this.#announceWaiting();
  }

  #announceWaiting(): void {
    const joined = this.#membership.members.length - 1;
    this.#context.event('waiting-for-backups', { joined, needed: this.#context.config.minBackups });
  }

  #announceSolo(): void {
    this.#context.event('solo', { epoch: this.#membership.epoch });
  }

  #executedEvent(): number {
    return this.#backups.executedEvent() ?? this.#lastEvent;
  }
}
