/**
 * A backup: joins its primary, acknowledges the log on receipt and feeds it to the guest, and claims the epoch when
 * the primary is gone. It performs no output (R2).
 */
import type { ArbiterState, Member } from '../arbiter/arbiter.js';
import { AnnouncedRecord } from './announced-record.js';
import { ArbiterCheck } from './arbiter-check.js';
import type { ArbiterSession } from './arbiter-session.js';
import type { Context } from './context.js';
import { EXIT_CODES } from './exit-codes.js';
import { refuseAsBackup } from './handshake.js';
import type { GuestOutcome, Handover, Heartbeat, Message, Welcome } from './messages.js';
import { PrimaryLink } from './primary-link.js';
import { PrimaryWatch } from './primary-watch.js';
import { ReplayedGuest } from './replayed-guest.js';
import type { Inheritance } from './returning.js';
import type { Role, RoleInput } from './role.js';
import { type KnownEnd, Succession, type SuccessionOwner } from './succession.js';
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
 * - lost: on the way to the epoch, or to another primary (succession.ts)
 */
type Phase = 'joining' | 'standby' | 'following' | 'orphaned' | 'lost';

export class Backup implements Role {
  readonly #context: Context;
  readonly #onPromoted: (promotion: Promotion) => void;
  readonly #link: PrimaryLink;
  readonly #check: ArbiterCheck;
  readonly #watch: PrimaryWatch;
  readonly #succession: Succession;
  readonly #guest: ReplayedGuest;
  readonly announced: AnnouncedRecord;
  #phase: Phase = 'joining';
  #primary: Welcome | undefined;
  #epoch = 0;
  /** Why the attempt to join was given up. */
  #givenUp: string | undefined;

  constructor(context: Context, arbiter: ArbiterSession, onPromoted: (promotion: Promotion) => void) {
    this.#context = context;
    this.#onPromoted = onPromoted;
    this.#link = new PrimaryLink(context, arbiter, (reason) => this.#giveUp(reason));
    this.#guest = new ReplayedGuest(context);
    this.announced = new AnnouncedRecord(context);
    this.#check = new ArbiterCheck(context, arbiter);
    this.#watch = new PrimaryWatch(context);
    this.#succession = new Succession(context, arbiter, this.#successionOwner());
  }

  get epoch(): number {
    return this.#epoch;
  }

  get primaryAddress(): string {
    return this.#link.address;
  }

  get name(): 'backup' | 'standby' {
    return this.#guest.started ? 'backup' : 'standby';
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
        this.#succession.closed(input.peer);
        if (input.peer === this.#link.peer) this.#onClosed(input.reason);
        break;
      case 'message':
        this.#onMessage(input.peer, input.message);
        break;
      case 'heartbeat':
        this.#onHeartbeat(input.message);
        break;
      case 'probe-result':
        if (this.#phase === 'orphaned' && input.gone) this.#lose('its process is gone', { dead: true });
        if (this.#phase === 'lost') this.#succession.probed(input.address, input.gone);
        break;
      case 'guest-diverged':
        this.#onDiverged(input.report);
        break;
      case 'shutdown':
        return this.#leave();
      default:
        this.#guest.handle(input);
    }
  }

  slept(gapMs: number): void {
    this.#watch.forgive(gapMs);
    this.#succession.slept(gapMs);
  }

  #onDialled(peer: PeerId, address: string): void {
    if (this.#phase === 'joining') this.#link.connected(peer, this.#epoch);
    else this.#succession.connected(peer, address);
  }

  #onDialFailed(address: string, reason: string): void {
    if (this.#phase === 'joining') this.#link.failed(reason);
    else this.#succession.connectFailed(address, reason);
  }

  #onTick(): void {
    if (this.#phase === 'joining') return this.#link.tick();
    if (this.#phase === 'lost') return this.#succession.tick();
    this.#watchPrimary();
    if (this.#phase !== 'following' && this.#phase !== 'standby') return;
    this.#check.tick();
    this.#watch.tick(this.#link.address, this.#link.peer, this.#epoch, this.#guest.executed);
  }

  #watchPrimary(): void {
    const { silentMs } = this.#watch;
    if (silentMs === undefined) return;
    this.#context.event('peer-silent', { id: this.#primary?.id, silentMs });
    const reason = 'it was silent for the failure timeout';
    this.#link.close('silent');
    this.#goOn(reason);
  }

  /** The primary is certainly lost, or has stopped. */
  #goOn(reason: string): void {
    if (this.#phase === 'standby') this.#seek(reason);
    else this.#lose(reason);
  }

  #onClosed(reason: string): void {
    if (this.#looksForPrimary) this.#link.failed(reason);
    else if (this.#phase === 'standby') this.#seek(reason);
    else if (this.#phase === 'following') this.#orphan(reason);
    else this.#link.peer = undefined;
  }

  #onMessage(peer: PeerId, message: Message): void {
    if (peer !== this.#link.peer) return this.#turnAway(peer, message);
    if (this.#phase === 'lost' && !this.#looksForPrimary) return;
    if (message.epoch < this.#epoch) {
      this.#distrust(`${message.type} is of epoch ${message.epoch}, before ${this.#epoch}`);
      return;
    }
    if (this.#looksForPrimary) this.#onJoining(peer, message);
    else if (this.#phase === 'standby') this.#onStandby(peer, message);
    else this.#onFollowing(peer, message);
  }

  /** A connection to a primary is not one of a backup to its primary yet. */
  get #looksForPrimary(): boolean {
    return this.#phase === 'joining' || (this.#phase === 'lost' && this.#succession.stage === 'returning');
  }

  #onJoining(peer: PeerId, message: Message): void {
    if (message.type === 'welcome') this.#join(message);
    else if (message.type === 'refuse') {
      if (message.code === 'not-resumable') this.#succession.refused();
      this.#link.refused(message);
    } else {
      this.#context.close(peer, `expected a welcome, got ${message.type}`);
      this.#link.failed(`it answered the hello with ${message.type}`);
    }
  }

  #onStandby(peer: PeerId, message: Message): void {
    let wrong: string | undefined;
    const { type } = message;
    if (type === 'state' || type === 'captured') wrong = this.#guest.restore(peer, this.#epoch, message);
    else if (message.type === 'refuse') return this.#link.refused(message);
    else if (message.type !== 'append' || this.#guest.state.event !== undefined)
      return this.#onFollowing(peer, message);
    else wrong = 'it sent the log before the position of the state';
    this.#watch.heard();
    if (wrong !== undefined) this.#distrust(wrong);
    else if (this.#guest.state.complete) this.#follow();
  }

  #onFollowing(peer: PeerId, message: Message): void {
    this.#epoch = message.epoch;
    this.#watch.heard();
    switch (message.type) {
      case 'append':
        this.#trust(this.#guest.append(peer, this.#epoch, message));
        break;
      case 'heartbeat':
        this.#onHeartbeat(message);
        break;
      case 'released':
        this.#guest.log.isEverywhere(message.everywhere);
        this.#context.emit({ type: 'trim', event: message.event });
        break;
      case 'outputs':
        this.#trust(this.#guest.replaceOutputs(message));
        break;
      case 'configured':
        if (this.announced.record === undefined) this.#check.expect(message.epoch);
        this.announced.take(message);
        break;
      case 'succeeded':
        this.#goOn('it handed over to another backup');
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
    this.announced.begin(welcome);
    this.#guest.log.follow(welcome);
    this.#link.joined();
    this.#watch.begin();
    this.#succession.end();
    if (welcome.firstEvent === this.#guest.log.event + 1) {
      this.#follow();
    } else if (this.#guest.started) {
      // Its guest runs already and cannot take a state.
      this.#context.stop(EXIT_CODES.lostEpoch, `${welcome.id} has started the service without this replica`, true);
    } else {
      this.#phase = 'standby';
      this.#context.event('standby', { epoch: welcome.epoch, primary: welcome.id });
    }
  }

  #follow(): void {
    this.#phase = 'following';
    this.#guest.start();
    this.#context.event('ready', { role: 'backup', epoch: this.#epoch, primary: this.#primary?.id });
  }

  /** Waiting, and the primary is gone. What has come of its guest's state is of no use with another primary. */
  #seek(reason: string): void {
    this.#link.peer = undefined;
    if (this.#guest.state.begun) {
      const why = `the primary is gone before all of its state was here: ${reason}`;
      return this.#context.stop(EXIT_CODES.primaryUnreachable, why, true);
    }
    this.#primary = undefined;
    this.#epoch = 0;
    this.#phase = 'joining';
    this.#link.lost(reason);
  }

  #onHandover({ epoch, generation, lastEvent }: Handover): void {
    if (lastEvent !== this.#guest.log.event) {
      return this.#distrust(`it handed over at event ${lastEvent}, but its log ended at ${this.#guest.log.event}`);
    }
    const { record } = this.announced;
    this.#lose('it handed over', { left: record?.epoch === epoch ? { record: { generation, record } } : {} });
  }

  #onHeartbeat(message: Heartbeat): void {
    if (this.#primary !== undefined) this.#watch.heartbeat(message, this.#primary, this.#primary.epoch);
  }

  /** `wrong`: what is wrong with what the primary has sent, if anything is. */
  #trust(wrong: string | undefined): void {
    if (wrong !== undefined) this.#distrust(wrong);
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
    if (this.#primary === undefined || (this.announced.record?.members.length ?? 0) <= 2) return;
    this.#check.successorOf(this.#primary, () => {
      if (this.#phase === 'orphaned') this.#lose('another replica is live');
    });
  }

  #lose(reason: string, how?: KnownEnd): void {
    if (this.#phase === 'following') this.#context.event('primary-lost', { id: this.#primary?.id, reason });
    this.#phase = 'lost';
    this.#succession.claim(how);
  }

  #successionOwner(): SuccessionOwner {
    return {
      link: this.#link,
      loss: () => ({ primary: this.#primary, epoch: this.#epoch, logEnd: this.#guest.log.end }),
      canFollow: () => this.#guest.started,
      won: (state, others) => this.#won(state, others),
      notMine: (refusal, current) => this.#notMine(refusal, current),
      excluded: (current) => this.#context.loseEpoch(this.#epoch, current, true),
    };
  }

  /**
   * Not joined in time. A primary may have died between writing us into the record and telling us; its guest's output
   * was never released then, and nobody but us can serve.
   */
  #giveUp(reason: string): void {
    this.#givenUp = reason;
    this.#link.close(reason);
    this.#lose(reason);
  }

  #won(state: ArbiterState, others: readonly Member[]): void {
    this.#guest.start();
    const { epoch, members } = state.record;
    this.#context.event('epoch-won', { epoch, members: members.map(({ id }) => id) });
    // The guest goes first: clients wait for it, and for nothing else of this.
    const { peer } = this.#link;
    const predecessor = peer === undefined ? undefined : { peer, epoch };
    const inheritance = { others, log: this.#guest.log.retained, history: this.#guest.log.ends, predecessor };
    this.#onPromoted({ state, lastEvent: this.#guest.log.event, outcome: this.#guest.outcome, inheritance });
  }

  #notMine(refusal: { kind: 'lost' | 'ended' } | { kind: 'foreign'; reason: string }, current?: ArbiterState): void {
    const followed =
      this.announced.record !== undefined ||
      this.#guest.log.event > 0 ||
      this.#guest.state.begun ||
      this.#succession.surveyed;
    if (refusal.kind === 'foreign') this.#context.stop(EXIT_CODES.arbiter, refusal.reason);
    else if (refusal.kind === 'ended') this.#context.finish(this.#guest.outcome);
    else if (followed) this.#context.loseEpoch(this.#epoch, current, true);
    else if (this.#givenUp === undefined || this.#context.config.role === 'standby') this.#rejoin();
    else this.#context.stop(EXIT_CODES.primaryUnreachable, this.#givenUp);
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
    if (message.type === 'position') return this.#succession.heard(peer, message);
    if (message.type === 'hello') {
      this.#context.send(peer, refuseAsBackup(this.#context.self.id, this.#epoch, this.#link.address));
    }
    this.#context.close(peer, 'not the primary');
  }
}
