/** A backup's way to the epoch once its primary is lost: asks the arbiter, and other backups first where it must. */
import { type ArbiterRecord, type ArbiterState, type Member, sameMember } from '../arbiter/arbiter.js';
import type { ArbiterSession } from './arbiter-session.js';
import type { Context } from './context.js';
import {
  type Claimant,
  type ClaimDecision,
  type ClaimHandlers,
  claimEpoch,
  liveMember,
  otherBackups,
} from './failover.js';
import type { LogEnd, PositionReport } from './messages.js';
import { Survey } from './survey.js';
import type { PeerId } from './types.js';

/** How often a backup that waits for others' positions looks whether somebody has won meanwhile. */
const RECHECK_MS = 200;
/** What a primary has asked of the arbiter may take effect after its death, so long at most (arbiters' clients give up sooner). */
const LATE_WRITE_MS = 3_000;

export type ClaimRefusal = Exclude<ClaimDecision, { kind: 'claim' | 'survey' }>;

export interface ClaimOutcome {
  won(state: ArbiterState, others: readonly Member[]): void;
  notMine(refusal: ClaimRefusal, current: ArbiterState | undefined): void;
}

export interface Loss {
  /** The primary that is gone, if there was one. */
  readonly primary: Member | undefined;
  /** Newest epoch that was followed. */
  readonly epoch: number;
  /** Nothing more is acknowledged from now on. */
  readonly logEnd: LogEnd;
  /** The primary has stopped and left its record: there is nothing that this replica does not have. */
  readonly left?: boolean;
  /** Its process is dead for certain. */
  readonly dead?: boolean;
}

export class EpochClaim {
  readonly #context: Context;
  readonly #arbiter: ArbiterSession;
  readonly #outcome: ClaimOutcome;
  readonly #survey: Survey;
  #loss: Loss | undefined;
  #asking = false;
  /** The record that the survey is about. */
  #found: ArbiterState | undefined;
  /** Whom this replica has last left the epoch to. */
  #deferredTo: string | undefined;
  #recheckAtMs = 0;
  #lateWritesUntilMs = 0;

  constructor(context: Context, arbiter: ArbiterSession, outcome: ClaimOutcome) {
    this.#context = context;
    this.#arbiter = arbiter;
    this.#outcome = outcome;
    this.#survey = new Survey(context);
  }

  /** Others were told where this replica's log ends; it must not go on with the primary that it has lost. */
  get surveyed(): boolean {
    return this.#survey.begun;
  }

  /** `left`: the record as the primary has left it to this replica, if that is known. */
  begin(loss: Loss, left?: ArbiterState): void {
    this.#loss = loss;
    this.#lateWritesUntilMs = this.#context.nowMs + LATE_WRITE_MS;
    this.#ask(left);
  }

  /** Nothing is claimed any more, for now. */
  end(): void {
    this.#loss = undefined;
    this.#asking = false;
    this.#found = undefined;
    this.#deferredTo = undefined;
    this.#survey.end();
  }

  tick(): void {
    if (this.#asking) return;
    this.#survey.tick();
    this.#proceed();
    if (!this.#asking && this.#context.nowMs >= this.#recheckAtMs) this.#ask();
  }

  /** A connection to another backup, or from one, that says where its log ends. */
  connected(peer: PeerId, address: string): void {
    if (this.#survey.begun) this.#survey.connected(peer, address);
    else this.#context.close(peer, 'not needed any more');
  }

  connectFailed(address: string): void {
    this.#survey.failed(address);
    this.#proceed();
  }

  heard(peer: PeerId, report: PositionReport): void {
    this.#survey.heard(peer, report);
    this.#proceed();
  }

  closed(peer: PeerId): void {
    this.#survey.closed(peer);
    this.#proceed();
  }

  /** Something was learnt of the others. */
  #proceed(): void {
    if (this.#asking || !this.#survey.begun) return;
    if (this.#survey.mayClaim) return this.#ask(this.#found);
    const ahead = this.#survey.ahead?.id;
    if (ahead !== undefined && ahead !== this.#deferredTo) this.#context.event('claim-deferred', { to: ahead });
    this.#deferredTo = ahead ?? this.#deferredTo;
  }

  /** `known`: the record, if it need not be read: should it have changed, the claim fails and is looked at again. */
  #ask(known?: ArbiterState): void {
    this.#asking = true;
    const { config, self } = this.#context;
    const claimant: Claimant = {
      self,
      service: config.service,
      lost: this.#loss?.primary,
      complete: (record) => this.#complete(record),
    };
    const handlers: ClaimHandlers = {
      won: (state, others) => {
        this.#survey.end();
        this.#outcome.won(state, others);
      },
      notMine: (decision, current) => {
        if (decision.kind === 'survey') this.#find(decision.found);
        else if (decision.kind === 'lost' && this.#mayStillBeNamed(current)) this.#askLater();
        else this.#outcome.notMine(decision, current);
      },
    };
    claimEpoch(this.#arbiter, claimant, handlers, known);
  }

  /** Output that waited for all backups is with all of them; else it is known of those who have told. */
  #complete(record: ArbiterRecord): readonly Member[] | undefined {
    const others = otherBackups(record, this.#context.self);
    this.#survey.consider(record);
    const settled = this.#loss?.left === true || this.#survey.mayClaim;
    if (record.acks === undefined) return settled || others.length === 0 ? others : undefined;
    return settled ? this.#survey.equals : undefined;
  }

  /** Looks around, before the record that was `found` is replaced. */
  #find(found: ArbiterState): void {
    const loss = this.#loss;
    if (loss === undefined) return;
    this.#askLater();
    this.#found = found;
    const first = !this.#survey.begun;
    this.#survey.begin(found.record, loss.epoch, loss.logEnd);
    const { needed, known } = this.#survey.state;
    if (first && known < needed) this.#context.event('claim-waiting', { needed, known });
    this.#proceed();
  }

  /**
   * The record names the dead primary and not this replica: nobody could serve any more. The primary may have been about to
   * write a record that does; the replica that it names must still be there when that takes effect.
   */
  #mayStillBeNamed(current: ArbiterState | undefined): boolean {
    const { dead, primary } = this.#loss ?? {};
    if (dead !== true || primary === undefined || this.#context.nowMs >= this.#lateWritesUntilMs) return false;
    const live = current && liveMember(current.record);
    return live !== undefined && sameMember(live, primary);
  }

  #askLater(): void {
    this.#asking = false;
    this.#recheckAtMs = this.#context.nowMs + RECHECK_MS;
  }
}
