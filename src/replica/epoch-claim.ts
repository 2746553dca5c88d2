/** A backup's way to the epoch once its primary is lost: asks the arbiter, and other backups first where it must. */
import type { ArbiterRecord, ArbiterState } from '../arbiter/arbiter.js';
import type { ArbiterSession } from './arbiter-session.js';
import type { Context } from './context.js';
import { type ClaimDecision, type ClaimHandlers, claimEpoch, type LeftRecord } from './failover.js';
import type { PositionReport } from './messages.js';
import { Survey } from './survey.js';
import type { PeerId } from './types.js';

/** How often a backup that waits for others' positions looks whether somebody has won meanwhile. */
const RECHECK_MS = 200;

export type ClaimRefusal = Exclude<ClaimDecision, { kind: 'claim' | 'survey' }>;

export interface ClaimOutcome {
  won(state: ArbiterState): void;
  notMine(refusal: ClaimRefusal, current: ArbiterState | undefined): void;
}

export class EpochClaim {
  readonly #context: Context;
  readonly #arbiter: ArbiterSession;
  readonly #outcome: ClaimOutcome;
  readonly #survey: Survey;
  #end = { epoch: 0, receivedEvent: 0 };
  /** The primary has stopped and left its record: there is nothing that this replica does not have. */
  #left: LeftRecord | undefined;
  #asking = false;
  #recheckAtMs = 0;

  constructor(context: Context, arbiter: ArbiterSession, outcome: ClaimOutcome) {
    this.#context = context;
    this.#arbiter = arbiter;
    this.#outcome = outcome;
    this.#survey = new Survey(context);
  }

  /** Others were told where this replica's log ends; it must not go on. */
  get surveyed(): boolean {
    return this.#survey.begun;
  }

  /** `end`: the epoch that was followed, and the last event received; nothing more is acknowledged from now on. */
  begin(end: { epoch: number; receivedEvent: number }, left?: LeftRecord): void {
    this.#end = end;
    this.#left = left;
    this.#ask(left);
  }

  tick(): void {
    if (this.#asking) return;
    this.#survey.tick();
    if (this.#survey.mayClaim || this.#context.nowMs >= this.#recheckAtMs) this.#ask();
  }

  /** A connection to another backup, or from one, that says where its log ends. */
  connected(peer: PeerId, address: string): void {
    if (this.#survey.begun) this.#survey.connected(peer, address);
    else this.#context.close(peer, 'not needed any more');
  }

  connectFailed(address: string): void {
    this.#survey.failed(address);
  }

  heard(peer: PeerId, report: PositionReport): void {
    this.#survey.heard(peer, report);
  }

  closed(peer: PeerId): void {
    this.#survey.closed(peer);
  }

  #ask(left?: LeftRecord): void {
    this.#asking = true;
    const { config, self } = this.#context;
    const isComplete = () => this.#left !== undefined || this.#survey.mayClaim;
    const handlers: ClaimHandlers = {
      won: (state) => {
        this.#survey.end();
        this.#outcome.won(state);
      },
      notMine: (decision, current) => {
        if (decision.kind === 'survey') this.#find(decision.record);
        else this.#outcome.notMine(decision, current);
      },
    };
    claimEpoch(this.#arbiter, self, config.service, isComplete, handlers, left);
  }

  #find(record: ArbiterRecord): void {
    this.#asking = false;
    this.#recheckAtMs = this.#context.nowMs + RECHECK_MS;
    const first = !this.#survey.begun;
    this.#survey.begin(record, this.#end.epoch, this.#end.receivedEvent);
    if (first && !this.#survey.mayClaim) this.#context.event('claim-waiting', this.#survey.state);
  }
}
