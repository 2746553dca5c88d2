/**
 * What a backup does once its primary is lost, until it is live itself or has another primary: it claims the epoch, and if
 * another backup was faster, it goes back to following, that one now.
 */
import type { ArbiterRecord, ArbiterState, Member } from '../arbiter/arbiter.js';
import type { ArbiterSession } from './arbiter-session.js';
import type { Context } from './context.js';
import { type ClaimRefusal, EpochClaim, type Loss } from './epoch-claim.js';
import type { Message } from './messages.js';
import type { PrimaryLink } from './primary-link.js';
import { ReturnPath } from './return-path.js';
import type { PeerId } from './types.js';

export interface SuccessionOwner {
  readonly link: PrimaryLink;
  /** What is claimed from whom. */
  loss(): Omit<Loss, 'left' | 'dead'>;
  /** Whether the guest runs, so that it can follow another primary. */
  canFollow(): boolean;
  won(state: ArbiterState, others: readonly Member[]): void;
  notMine(refusal: Exclude<ClaimRefusal, { kind: 'superseded' }>, current: ArbiterState | undefined): void;
  /** The service goes on without this replica. */
  excluded(current: ArbiterState | undefined): void;
}

export interface KnownEnd {
  /** It has stopped and left its record to this replica; with that record, if it is known. */
  readonly left?: { readonly record?: ArbiterState };
  /** Its process is gone for certain. */
  readonly dead?: boolean;
}

export class Succession {
  /**
   * - none: there is a primary, or nobody has looked for one in vain yet
   * - claiming: nothing is acknowledged any more (epoch-claim.ts)
   * - returning: another backup is live; this one is about to follow it (return-path.ts)
   */
  #stage: 'none' | 'claiming' | 'returning' = 'none';
  readonly #context: Context;
  readonly #owner: SuccessionOwner;
  readonly #claiming: EpochClaim;
  readonly #path: ReturnPath;

  constructor(context: Context, arbiter: ArbiterSession, owner: SuccessionOwner) {
    this.#context = context;
    this.#owner = owner;
    this.#claiming = new EpochClaim(context, arbiter, {
      won: (state, others) => owner.won(state, others),
      notMine: (refusal, current) => this.#notMine(refusal, current),
    });
    this.#path = new ReturnPath(context, {
      lost: (reason) => this.#claimFromNext(reason),
      excluded: (current) => owner.excluded(current),
    });
  }

  get stage(): 'none' | 'claiming' | 'returning' {
    return this.#stage;
  }

  /** Others were told where this replica's log ends. */
  get surveyed(): boolean {
    return this.#claiming.surveyed;
  }

  /** `how` much is known of the primary's end. */
  claim(how: KnownEnd = {}): void {
    const { left, dead = false } = how;
    this.#claim({ ...this.#owner.loss(), dead, left: left !== undefined }, left?.record);
  }

  /** There is a primary again. */
  end(): void {
    this.#stage = 'none';
  }

  /** The new primary cannot go on with this replica's log. */
  refused(): void {
    this.#path.refused();
  }

  slept(gapMs: number): void {
    this.#path.slept(gapMs);
  }

  tick(): void {
    if (this.#stage === 'claiming') return this.#claiming.tick();
    this.#owner.link.tick();
    this.#path.tick();
  }

  /** A connection that this replica has asked for, to another backup. */
  connected(peer: PeerId, address: string): void {
    const { link } = this.#owner;
    const { epoch, logEnd } = this.#owner.loss();
    const wanted = this.#stage === 'returning' && address === link.address && link.peer === undefined;
    if (wanted) link.connected(peer, epoch, logEnd);
    else this.#claiming.connected(peer, address);
  }

  connectFailed(address: string, reason: string): void {
    const { link } = this.#owner;
    if (this.#stage !== 'returning') return this.#claiming.connectFailed(address);
    if (address !== link.address || link.peer !== undefined) return;
    link.failed(reason);
    this.#path.unreachable(address);
  }

  probed(address: string, gone: boolean): void {
    if (this.#stage === 'returning') this.#path.probed(address, gone);
  }

  /** Another backup has lost its primary; perhaps before this one has. */
  heard(peer: PeerId, message: Message & { type: 'position' }): void {
    this.#claiming.heard(peer, message);
  }

  closed(peer: PeerId): void {
    this.#claiming.closed(peer);
  }

  #claim(loss: Loss, left?: ArbiterState): void {
    this.#stage = 'claiming';
    this.#owner.link.stop();
    this.#claiming.begin(loss, left);
  }

  /** The one that this replica was about to follow is lost as well. */
  #claimFromNext(reason: string): void {
    const { primary } = this.#path;
    this.#context.event('primary-lost', { id: primary?.id, reason });
    this.#owner.link.close(reason);
    this.#claim({ ...this.#owner.loss(), primary, left: false });
  }

  #notMine(refusal: ClaimRefusal, current: ArbiterState | undefined): void {
    if (refusal.kind !== 'superseded') this.#owner.notMine(refusal, current);
    else if (this.#owner.canFollow()) this.#return(refusal.record);
    else this.#owner.notMine({ kind: 'lost' }, current);
  }

  #return(record: ArbiterRecord): void {
    const { link } = this.#owner;
    this.#claiming.end();
    link.close('another replica is live');
    this.#stage = 'returning';
    this.#path.begin(record);
    link.seek((current) => this.#path.whereTo(current));
  }
}
