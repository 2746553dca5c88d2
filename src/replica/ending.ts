/**
 * How a primary ends in good order. The guest has exited: all output leaves, the record is marked as ended, the
 * backups are told. Or the process was asked to stop (SIGTERM): the guest stops where it is, all output leaves, and a
 * backup is told to go live at once; without a backup the service ends.
 */
import type { Context } from './context.js';
import { EXIT_CODES } from './exit-codes.js';
import type { Membership } from './membership.js';
import type { GuestOutcome, Message } from './messages.js';
import type { PeerId } from './types.js';

/** The part of the primary that an ending needs. */
export interface EndingHost {
  /** A connected backup that is a member of the record. */
  successor(): { readonly peer: PeerId; readonly id: string } | undefined;
  /** To all who are connected, `except` one. */
  broadcast(message: Message, except?: PeerId): void;
}

type Stage =
  | { readonly kind: 'none' }
  | { readonly kind: 'finishing'; readonly outcome: GuestOutcome; deadlineMs?: number }
  | { readonly kind: 'leaving'; readonly deadlineMs: number }
  | { readonly kind: 'handed-over'; readonly to: PeerId; readonly deadlineMs: number };

export class Ending {
  readonly #context: Context;
  readonly #membership: Membership;
  readonly #host: EndingHost;
  #stage: Stage = { kind: 'none' };
  /** The last record is being written. */
  #recording = false;

  constructor(context: Context, membership: Membership, host: EndingHost) {
    this.#context = context;
    this.#membership = membership;
    this.#host = host;
  }

  get begun(): boolean {
    return this.#stage.kind !== 'none';
  }

  /** The guest was stopped at our request; what it still logs is void. */
  get guestStopped(): boolean {
    return this.#stage.kind === 'leaving' || this.#stage.kind === 'handed-over';
  }

  /** A successor was told to go live, and has not said yet that it is. */
  get handedOver(): boolean {
    return this.#stage.kind === 'handed-over';
  }

  /** The record is final or belongs to the successor: membership must not be changed any more. */
  get recordFrozen(): boolean {
    return this.#recording || this.handedOver;
  }

  /** The guest has ended. */
  finish(outcome: GuestOutcome): void {
    if (this.begun) return;
    this.#stage = { kind: 'finishing', outcome };
    this.#context.event('guest-exit', { ...outcome });
  }

  /** The process was asked to stop. */
  leave(guestStarted: boolean): void {
    if (this.begun) return;
    if (!guestStarted) {
      this.#stage = {
        kind: 'finishing',
        outcome: { exitCode: EXIT_CODES.ok, description: 'shut down before it started' },
      };
      return;
    }
    this.#stage = { kind: 'leaving', deadlineMs: this.#context.nowMs + this.#context.config.shutdownTimeoutMs };
    this.#context.emit({ type: 'stop-guest' });
  }

  /** Goes on as far as possible; `drained` says that all output up to `lastEvent` has left. */
  advance(drained: boolean, lastEvent: number): void {
    this.#checkDeadline();
    if (!drained || this.#recording || !this.#membership.settled || !this.#membership.trusted) return;
    if (this.#stage.kind === 'finishing') this.#recordFinish(this.#stage);
    else if (this.#stage.kind === 'leaving') this.#leave(lastEvent, this.#stage.deadlineMs);
  }

  /** The backup that was told to go live says that it is, or is gone; the others will find out who serves now. */
  successorAnswered(peer: PeerId, reason: string): void {
    if (this.#stage.kind !== 'handed-over' || this.#stage.to !== peer) return;
    this.#host.broadcast({ type: 'succeeded', epoch: this.#membership.epoch }, peer);
    this.#context.stop(EXIT_CODES.ok, reason);
  }

  #recordFinish(stage: Stage & { kind: 'finishing' }): void {
    stage.deadlineMs = this.#context.nowMs + this.#context.config.shutdownTimeoutMs;
    this.#recording = true;
    this.#membership.end(() => this.#finished(stage.outcome));
  }

  #finished(outcome: GuestOutcome): void {
    this.#host.broadcast({ type: 'finished', epoch: this.#membership.epoch, outcome });
    this.#context.stop(outcome.exitCode, `the guest has ended: ${outcome.description}`);
  }

  #leave(lastEvent: number, deadlineMs: number): void {
    const successor = this.#host.successor();
    if (successor !== undefined) {
      this.#context.event('handing-over', { id: successor.id, lastEvent });
      const { epoch, generation } = this.#membership;
      this.#context.send(successor.peer, { type: 'handover', epoch, generation, lastEvent });
      this.#stage = { kind: 'handed-over', to: successor.peer, deadlineMs };
    } else if (this.#membership.isSolo) {
      this.#recording = true;
      this.#membership.end(() => this.#context.stop(EXIT_CODES.ok, 'shut down; there was no backup to hand over to'));
    }
  }

  #checkDeadline(): void {
    const stage = this.#stage;
    if (stage.kind === 'none' || stage.deadlineMs === undefined || this.#context.nowMs < stage.deadlineMs) return;
    if (stage.kind === 'finishing') this.#finished(stage.outcome);
    else this.#context.stop(EXIT_CODES.ok, 'shut down; the hand-over was not confirmed in time');
  }
}
