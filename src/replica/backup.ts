/**
 * A backup: joins its primary, acknowledges the log on receipt and feeds it to the guest, and claims the epoch when
 * the primary is gone. It performs no output (R2).
 */
import { type ArbiterRecord, type ArbiterState, type Member, sameMember } from '../arbiter/arbiter.js';
import { POSITION_ZERO, type Position } from '../log/entry.js';
import { ArbiterCheck } from './arbiter-check.js';
import type { ArbiterSession } from './arbiter-session.js';
import type { Context } from './context.js';
import { SilenceDetector } from './detector.js';
import { type ClaimRefusal, EpochClaim } from './epoch-claim.js';
import { EXIT_CODES } from './exit-codes.js';
import { liveMember } from './failover.js';
import { refuseAsBackup } from './handshake.js';
import type {
  Append,
  Captured,
  Configured,
  GuestOutcome,
  Handover,
  Heartbeat,
  Message,
  Outputs,
  Welcome,
} from './messages.js';
import { PrimaryLink } from './primary-link.js';
import { ReceivedLog } from './received-log.js';
import { ReturnPath } from './return-path.js';
import type { Inheritance } from './returning.js';
import type { Role, RoleInput } from './role.js';
import { StateReceiver } from './state-receiver.js';
import type { PeerId } from './types.js';

/** What a backup brings along when it goes live. */
export interface Promotion {
  readonly state: ArbiterState;
  readonly lastEvent: number;
  /** Set if the replayed guest has ended already. */
  readonly outcome: GuestOutcome | undefined;
  /** What the other backups of the lost primary may need. */
  readonly inheritance: Inheritance;
}

/**
 * - joining: not taken in yet
 * - standby: taken in, but the guest's state has not come, or not all of it
 * - following: the log comes in
 * - orphaned: the connection is gone, but the primary may be alive; its lease must run out first (lease.ts)
 * - claiming: on the way to the epoch; nothing is acknowledged any more (epoch-claim.ts)
 * - returning: another backup was faster; this one is about to follow it from where its own log ends (return-path.ts)
 */
type Phase = 'joining' | 'standby' | 'following' | 'orphaned' | 'claiming' | 'returning';

export class Backup implements Role {
  readonly #context: Context;
  readonly #onPromoted: (promotion: Promotion) => void;
  readonly #link: PrimaryLink;
  readonly #check: ArbiterCheck;
  readonly #state: StateReceiver;
  readonly #claiming: EpochClaim;
  readonly #path: ReturnPath;
  readonly #log: ReceivedLog;
  #phase: Phase = 'joining';
  #primary: Welcome | undefined;
  #detector: SilenceDetector;
  #epoch = 0;
  /** The newest record with this backup as a member that its primary has announced. */
  #configured: Configured | undefined;
  #guestStarted = false;
  /** Why the attempt to join was given up. */
  #givenUp: string | undefined;
  #executed: Position = POSITION_ZERO;
  #outcome: GuestOutcome | undefined;
  #heardSentMs = 0;
  #nextHeartbeatMs = 0;

  constructor(context: Context, arbiter: ArbiterSession, onPromoted: (promotion: Promotion) => void) {
    this.#context = context;
    this.#onPromoted = onPromoted;
    this.#state = new StateReceiver(context);
    this.#claiming = new EpochClaim(context, arbiter, {
      won: (state, others) => this.#won(state, others),
      notMine: (refusal, current) => this.#notMine(refusal, current),
    });
    this.#link = new PrimaryLink(context, arbiter, (reason) => this.#giveUp(reason));
    this.#log = new ReceivedLog(context.config.logBytesMax);
    this.#path = new ReturnPath(context, {
      lost: (reason) => this.#claim(reason),
      excluded: (current) => this.#context.loseEpoch(this.#epoch, current, true),
    });
    this.#check = new ArbiterCheck(context, arbiter);
    this.#detector = new SilenceDetector(context.config.failureTimeoutMs, context.nowMs);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get primaryAddress(): string {
    return this.#link.address;
  }

  get name(): 'backup' | 'standby' {
    return this.#guestStarted ? 'backup' : 'standby';
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
        if (input.dialled) this.#onDialled(input.peer, input.address);
        break;
      case 'connect-failed':
        this.#onDialFailed(input.address, input.reason);
        break;
      case 'peer-closed':
        this.#claiming.closed(input.peer);
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
        if (this.#phase === 'returning') this.#path.probed(input.address, input.gone);
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
    this.#path.slept(gapMs);
  }

  #onDialled(peer: PeerId, address: string): void {
    if (this.#phase === 'joining') this.#link.connected(peer, this.#epoch);
    else if (this.#phase === 'returning' && address === this.#link.address) {
      this.#link.connected(peer, this.#epoch, this.#log.end);
    } else this.#claiming.connected(peer, address);
  }

  #onDialFailed(address: string, reason: string): void {
    if (this.#phase === 'claiming') return this.#claiming.connectFailed(address);
    if (this.#phase !== 'joining' && this.#phase !== 'returning') return;
    this.#link.failed(reason);
    if (this.#phase === 'returning') this.#path.unreachable(address);
  }

  #onTick(): void {
    switch (this.#phase) {
      case 'joining':
        return this.#link.tick();
      case 'returning':
        this.#link.tick();
        return this.#path.tick();
      case 'claiming':
        return this.#claiming.tick();
      default:
        this.#watchPrimary();
    }
    if (this.#phase !== 'following' && this.#phase !== 'standby') return;
    this.#check.tick();
    if (this.#context.nowMs >= this.#nextHeartbeatMs) this.#sendHeartbeat();
  }

  #watchPrimary(): void {
    const { nowMs } = this.#context;
    if (!this.#detector.isSilent(nowMs)) return;
    this.#context.event('peer-silent', { id: this.#primary?.id, silentMs: this.#detector.silentMs(nowMs) });
    const reason = 'it was silent for the failure timeout';
    this.#link.close('silent');
    if (this.#phase === 'standby') this.#seek(reason);
    else this.#claim(reason);
  }

  #onClosed(reason: string): void {
    if (this.#phase === 'joining' || this.#phase === 'returning') this.#link.failed(reason);
    else if (this.#phase === 'standby') this.#seek(reason);
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
    if (this.#phase === 'joining' || this.#phase === 'returning') this.#onJoining(peer, message);
    else if (this.#phase === 'standby') this.#onStandby(peer, message);
    else this.#onFollowing(peer, message);
  }

  #onJoining(peer: PeerId, message: Message): void {
    if (message.type === 'welcome') this.#join(message);
    else if (message.type === 'refuse') {
      if (message.code === 'not-resumable') this.#path.refused();
      this.#link.refused(message);
    } else {
      this.#context.close(peer, `expected a welcome, got ${message.type}`);
      this.#link.failed(`it answered the hello with ${message.type}`);
    }
  }

  #onStandby(peer: PeerId, message: Message): void {
    let wrong: string | undefined;
    if (message.type === 'state') wrong = this.#state.piece(peer, this.#epoch, message);
    else if (message.type === 'captured') wrong = this.#onCaptured(message);
    else if (message.type === 'refuse') return this.#link.refused(message);
    else if (message.type !== 'append' || this.#state.event !== undefined) return this.#onFollowing(peer, message);
    else wrong = 'it sent the log before the position of the state';
    this.#detector.heard(this.#context.nowMs);
    if (wrong !== undefined) this.#distrust(wrong);
    else if (this.#state.complete) this.#follow();
  }

  #onCaptured(message: Captured): string | undefined {
    this.#log.begin(message.event);
    return this.#state.captured(message);
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
        this.#log.isEverywhere(message.everywhere);
        this.#context.emit({ type: 'trim', event: message.event });
        break;
      case 'outputs':
        this.#onOutputs(message);
        break;
      case 'configured':
        if (this.#configured === undefined) this.#check.expect(message.epoch);
        this.#configured = message;
        break;
      case 'succeeded':
        if (this.#phase === 'standby') this.#seek('it handed over');
        else this.#claim('it handed over to another backup');
        break;
      case 'handover':
        this.#onHandover(message);
        break;
      case 'finished':
        this.#context.finish(message.outcome);
        break;
      default:
        this.#distrust(`it sent ${message.type}, which a primary does not send here`);
    }
  }

  #join(welcome: Welcome): void {
    this.#primary = welcome;
    this.#epoch = welcome.epoch;
    this.#configured = undefined;
    this.#heardSentMs = 0;
    this.#log.follow(welcome);
    this.#link.joined();
    this.#detector = new SilenceDetector(this.#context.config.failureTimeoutMs, this.#context.nowMs);
    if (welcome.firstEvent === this.#log.event + 1) {
      this.#follow();
    } else if (this.#guestStarted) {
      // Its guest runs already and cannot take a state.
      this.#context.stop(EXIT_CODES.lostEpoch, `${welcome.id} has started the service without this replica`, true);
    } else {
      this.#phase = 'standby';
      this.#context.event('standby', { epoch: welcome.epoch, primary: welcome.id });
    }
  }

  #follow(): void {
    this.#phase = 'following';
    this.#startGuest();
    this.#context.event('ready', { role: 'backup', epoch: this.#epoch, primary: this.#primary?.id });
  }

  /** Waiting, and the primary is gone. What has come of its guest's state is of no use with another primary. */
  #seek(reason: string): void {
    this.#link.peer = undefined;
    if (this.#state.begun) {
      this.#context.stop(
        EXIT_CODES.primaryUnreachable,
        `the primary is gone before all of its state was here: ${reason}`,
        true,
      );
      return;
    }
    this.#primary = undefined;
    this.#epoch = 0;
    this.#phase = 'joining';
    this.#link.lost(reason);
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
    const wrong = this.#log.append({ firstEvent, lastEvent, counter, batch });
    if (wrong !== undefined) return this.#distrust(wrong);
    this.#context.emit({ type: 'append-to-guest', firstEvent, lastEvent, counter, batch });
    const ack = { type: 'ack', epoch: this.#epoch, receivedEvent: lastEvent, executed: this.#executed } as const;
    this.#context.send(peer, ack);
  }

  /** They are of the end of the log that the primary took over: the guest here has not come further. */
  #onOutputs({ event, outputs }: Outputs): void {
    if (this.#log.event <= event) this.#context.emit({ type: 'replace-outputs', event, outputs });
    else this.#distrust(`it sent the outputs up to event ${event} behind event ${this.#log.event}`);
  }

  #onHandover({ epoch, generation, lastEvent }: Handover): void {
    if (lastEvent !== this.#log.event) {
      return this.#distrust(`it handed over at event ${lastEvent}, but its log ended at ${this.#log.event}`);
    }
    const [configured, live] = [this.#configured, this.#primary?.id];
    if (configured?.epoch !== epoch || live === undefined) return this.#claim('it handed over', true);
    const { members, acks } = configured;
    const record = { epoch, members, live, service: this.#context.config.service, ...(acks && { acks }) };
    this.#claim('it handed over', true, { generation, record });
  }

  #onHeartbeat(message: Heartbeat): void {
    const primary = this.#primary;
    if (primary === undefined || message.id !== primary.id || message.incarnation !== primary.incarnation) return;
    if (message.epoch < primary.epoch || message.role !== 'primary') return;
    this.#detector.heard(this.#context.nowMs);
    // Output waits for the first echo.
    if (this.#heardSentMs === 0) this.#nextHeartbeatMs = 0;
    this.#heardSentMs = Math.max(this.#heardSentMs, message.sentMs);
  }

  #sendHeartbeat(): void {
    this.#nextHeartbeatMs = this.#context.nowMs + this.#context.config.heartbeatMs;
    const message = this.#context.heartbeat('backup', this.#epoch, this.#executed, this.#heardSentMs);
    this.#context.emit({ type: 'heartbeat', address: this.#link.address, message });
    if (this.#link.peer !== undefined) this.#context.send(this.#link.peer, message);
  }

  /** The primary breaks the protocol: fail-stop, as if it had died (R11). */
  #distrust(reason: string): void {
    this.#link.close(reason);
    if (this.#phase === 'following') this.#orphan(reason);
    else if (this.#phase === 'standby') this.#seek(reason);
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
    // Among several backups, another one may have been faster; that may be known before the lease has run out.
    if ((this.#configured?.members.length ?? 0) > 2) this.#check.read((current) => this.#lookForSuccessor(current));
  }

  #lookForSuccessor(current: ArbiterState | undefined): void {
    const [lost, live] = [this.#primary, current && liveMember(current.record)];
    const superseded = lost !== undefined && live !== undefined && !sameMember(lost, live);
    if (this.#phase === 'orphaned' && superseded) this.#claim('another replica is live');
  }

  /** `handedOver`: the primary has stopped; `left`: the record as it has left it, if that is known. */
  #claim(reason: string, handedOver = false, left?: ArbiterState): void {
    const primary = this.#phase === 'returning' ? this.#path.primary : this.#primary;
    if (this.#phase === 'following' || this.#phase === 'returning') {
      this.#context.event('primary-lost', { id: primary?.id, reason });
    }
    if (this.#phase === 'returning') this.#link.close(reason);
    this.#link.stop();
    this.#phase = 'claiming';
    this.#claiming.begin({ primary, epoch: this.#epoch, logEnd: this.#log.end, left: handedOver }, left);
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

  #won(state: ArbiterState, others: readonly Member[]): void {
    this.#startGuest();
    const { epoch, members } = state.record;
    this.#context.event('epoch-won', { epoch, members: members.map(({ id }) => id) });
    if (this.#link.peer !== undefined) this.#context.send(this.#link.peer, { type: 'live', epoch });
    this.#link.close('this replica is live now');
    const inheritance = { others, log: this.#log.retained, history: this.#log.ends };
    this.#onPromoted({ state, lastEvent: this.#log.event, outcome: this.#outcome, inheritance });
  }

  #notMine(refusal: ClaimRefusal, current: ArbiterState | undefined): void {
    const followed =
      this.#configured !== undefined || this.#log.event > 0 || this.#state.begun || this.#claiming.surveyed;
    if (refusal.kind === 'foreign') this.#context.stop(EXIT_CODES.arbiter, refusal.reason);
    else if (refusal.kind === 'ended') this.#context.finish(this.#outcome);
    else if (refusal.kind === 'superseded' && this.#guestStarted) this.#return(refusal.record);
    else if (followed) this.#context.loseEpoch(this.#epoch, current, true);
    else if (this.#givenUp === undefined || this.#context.config.role === 'standby') this.#rejoin();
    else this.#context.stop(EXIT_CODES.primaryUnreachable, this.#givenUp);
  }

  /** Another backup is live now. */
  #return(record: ArbiterRecord): void {
    this.#claiming.end();
    this.#link.close('another replica is live');
    this.#phase = 'returning';
    this.#path.begin(record);
    this.#link.seek((current) => this.#path.whereTo(current));
  }

  /** Nothing was received and no record names us: as good as new. */
  #rejoin(): void {
    this.#link.close('not a member');
    this.#primary = undefined;
    this.#epoch = 0;
    this.#phase = 'joining';
    this.#link.begin();
  }

  #onDiverged(report: string): void {
    this.#context.event('diverged', { id: this.#context.self.id, report });
    if (this.#phase === 'following' && this.#link.peer !== undefined) {
      this.#context.send(this.#link.peer, { type: 'diverged', epoch: this.#epoch, report });
    }
    this.#context.stop(EXIT_CODES.divergence, report, true);
  }

  #leave(): void {
    if (this.#link.peer !== undefined) this.#context.send(this.#link.peer, { type: 'leaving', epoch: this.#epoch });
    this.#context.stop(EXIT_CODES.ok, 'asked to stop');
  }

  /** Another replica dialled us, or an old connection still speaks. */
  #turnAway(peer: PeerId, message: Message): void {
    if (message.type === 'position') {
      this.#claiming.heard(peer, message);
      return;
    }
    if (message.type === 'hello') {
      this.#context.send(peer, refuseAsBackup(this.#context.self.id, this.#epoch, this.#link.address));
    }
    this.#context.close(peer, 'not the primary');
  }
}
