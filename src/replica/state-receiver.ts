/** A newcomer's side of a state transfer: pieces go to the guest's thread, and are acknowledged so that more may come. */
import type { Context } from './context.js';
import type { Captured, State } from './messages.js';
import type { PeerId } from './types.js';

export class StateReceiver {
  readonly #context: Context;
  #bytes = 0;
  #complete = false;
  /** Event whose state it is; undefined as long as that is not known. */
  event: number | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Something has arrived: the guest of this replica can only be started from the rest of it. */
  get begun(): boolean {
    return this.#bytes > 0 || this.event !== undefined;
  }

  /** The guest can be started. */
  get complete(): boolean {
    return this.#complete && this.event !== undefined;
  }

  /** Returns what is wrong with the piece, if anything is. */
  piece(peer: PeerId, epoch: number, { piece, last }: State): string | undefined {
    if (this.#complete) return 'it sent more state behind the last piece';
    this.#bytes += piece.byteLength;
    this.#complete = last;
    this.#context.emit({ type: 'restore', piece });
    this.#context.send(peer, { type: 'state-ack', epoch, bytes: this.#bytes });
    return undefined;
  }

  captured({ event, counter, outputs }: Captured): string | undefined {
    if (this.event !== undefined) return 'it said twice which position the state is of';
    this.event = event;
    this.#context.emit({ type: 'restore-outputs', event, counter, outputs });
    return undefined;
  }
}
