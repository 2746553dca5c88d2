/** What every part of a replica shares during a step: the time, the configuration and the effects gathered so far. */
import type { ArbiterState, Member } from '../arbiter/arbiter.js';
import { EVENTS, type EventName } from './events.js';
import { EXIT_CODES } from './exit-codes.js';
import type { Message } from './messages.js';
import type { Effect, PeerId, ReplicaConfig } from './types.js';

export class Context {
  readonly self: Member;
  #nowMs = 0;
  #stopped = false;
  #effects: Effect[] = [];

  constructor(readonly config: ReplicaConfig) {
    this.self = { id: config.id, incarnation: config.incarnation };
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

  close(peer: PeerId, reason: string): void {
    this.emit({ type: 'close', peer, reason });
  }

  stop(exitCode: number, reason: string): void {
    this.event('stopped', { reason, exitCode });
    this.emit({ type: 'stop', reason, exitCode });
    this.#stopped = true;
  }

  /** R4: the loser stops. `epoch` is the newest this replica held or followed. */
  loseEpoch(epoch: number, current: ArbiterState | undefined): void {
    const record = current?.record;
    this.event('epoch-lost', { epoch, current: record?.epoch, live: record?.live });
    const reason =
      record === undefined
        ? `the arbiter's record is gone, so epoch ${epoch} cannot be defended`
        : `${record.live} is live in epoch ${record.epoch}; this replica's last epoch was ${epoch}`;
    this.stop(EXIT_CODES.lostEpoch, reason);
  }
}
