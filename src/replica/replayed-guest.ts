/** A backup's guest: what comes for it from the primary, its state and the log, is checked, acknowledged and handed on. */
import { POSITION_ZERO, type Position } from '../log/entry.js';
import type { Context } from './context.js';
import type { Append, Captured, GuestOutcome, Outputs, State } from './messages.js';
import { ReceivedLog } from './received-log.js';
import type { RoleInput } from './role.js';
import { StateReceiver } from './state-receiver.js';
import type { PeerId } from './types.js';

export class ReplayedGuest {
  readonly log: ReceivedLog;
  readonly state: StateReceiver;
  readonly #context: Context;
  #executed: Position = POSITION_ZERO;
  #outcome: GuestOutcome | undefined;
  #started = false;

  constructor(context: Context) {
    this.#context = context;
    this.log = new ReceivedLog(context.config.logBytesMax);
    this.state = new StateReceiver(context);
  }

  get started(): boolean {
    return this.#started;
  }

  get executed(): Position {
    return this.#executed;
  }

  /** Set if it has come to its end. */
  get outcome(): GuestOutcome | undefined {
    return this.#outcome;
  }

  handle(input: RoleInput): void {
    if (input.type === 'executed') this.#executed = input.position;
    else if (input.type === 'guest-exit') this.#outcome = input.outcome;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#context.emit({ type: 'start-guest', mode: 'replay' });
    this.#context.event('guest-started', { mode: 'replay' });
  }

  /** A piece of its state, or the position of that. Returns what is wrong with it, if anything is. */
  restore(peer: PeerId, epoch: number, message: State | Captured): string | undefined {
    if (message.type === 'state') return this.state.piece(peer, epoch, message);
    this.log.begin(message.event);
    return this.state.captured(message);
  }

  /** Acknowledged on receipt, not on execution (R1). Returns what is wrong with the batch, if anything is. */
  append(peer: PeerId, epoch: number, { firstEvent, lastEvent, counter, batch }: Append): string | undefined {
    const wrong = this.log.append({ firstEvent, lastEvent, counter, batch });
    if (wrong !== undefined) return wrong;
    this.#context.emit({ type: 'append-to-guest', firstEvent, lastEvent, counter, batch });
    this.#context.send(peer, { type: 'ack', epoch, receivedEvent: lastEvent, executed: this.#executed });
    return undefined;
  }

  /** They are of the end of the log that the primary took over: the guest here has not come further. */
  replaceOutputs({ event, outputs }: Outputs): string | undefined {
    if (this.log.event > event) return `it sent the outputs up to event ${event} behind event ${this.log.event}`;
    this.#context.emit({ type: 'replace-outputs', event, outputs });
    return undefined;
  }
}
