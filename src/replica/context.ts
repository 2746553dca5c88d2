/** What every part of a replica shares during a step: the time, the configuration and the effects gathered so far. */
import type { ArbiterState, Member } from '../arbiter/arbiter.js';
import type { Position } from '../log/entry.js';
import { EVENTS, type EventName } from './events.js';
import { EXIT_CODES } from './exit-codes.js';
import type { GuestOutcome, Heartbeat, Message } from './messages.js';
import type { Effect, PeerId, ReplicaConfig } from './types.js';

export class Context {
  readonly self: Member;
  #nowMs = 0;
  #stopped = false;
  #effects: Effect[] = [];

  constructor(readonly config: ReplicaConfig) {
    this.self = { id: config.id, incarnation: config.incarnation, address: config.logAddress };
  }

  /** Monotonic time of this step, told by the driver. */
  get nowMs(): number {
    return this.#nowMs;
  }

  set nowMs(value: number) {
    this.#nowMs = value;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Effects of this step, in order. */
  take(): Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** Adds an effect; nothing follows `stop`. */
  emit(effect: Effect): void {
    if (!this.#stopped) this.#effects.push(effect);
  }

  event(name: EventName, fields: Readonly<Record<string, unknown>> = {}): void {
    this.emit({ type: 'event', name, level: EVENTS[name].level, fields });
  }

  send(peer: PeerId, message: Message): void {
    this.emit({ type: 'send', peer, message });
  }

  /** "I live", with this replica's time and the newest time heard from whom it goes to. */
  heartbeat(role: Heartbeat['role'], epoch: number, executed: Position, echoMs: number): Heartbeat {
    return { type: 'heartbeat', ...this.self, epoch, role, executed, sentMs: this.#nowMs, echoMs };
  }

  close(peer: PeerId, reason: string): void {
    this.emit({ type: 'close', peer, reason });
  }

  /** `mayRejoin`: the service goes on without this replica, and the same process may take part again with a fresh guest. */
  stop(exitCode: number, reason: string, mayRejoin = false): void {
    this.event('stopped', { reason, exitCode });
    this.emit({ type: 'stop', reason, exitCode, mayRejoin });
    this.#stopped = true;
  }

  /** The service has ended on another replica, with this outcome if its guest came to an end. */
  finish(outcome: GuestOutcome | undefined): void {
    if (outcome === undefined) return this.stop(EXIT_CODES.ok, 'the service has ended');
    this.event('guest-exit', { ...outcome });
    this.stop(outcome.exitCode, `the guest has ended: ${outcome.description}`);
  }

  /** R4: the loser stops. `epoch` is the newest this replica held or followed. */
  loseEpoch(epoch: number, current: ArbiterState | undefined, mayRejoin = false): void {
    const record = current?.record;
    this.event('epoch-lost', { epoch, current: record?.epoch, live: record?.live });
    const reason =
      record === undefined
        ? `the arbiter's record is gone, so epoch ${epoch} cannot be defended`
        : `${record.live} is live in epoch ${record.epoch}; this replica's last epoch was ${epoch}`;
    this.stop(EXIT_CODES.lostEpoch, reason, mayRejoin);
  }
}
