/** What clients send, on its way into the ring of a live guest: one wake-up for all that comes together. */
import type { GuestStreams } from '../../gateway/replica-port.js';
import type { StreamId } from '../../host/services.js';
import { HeadWriter, ToGuest } from '../ring-messages.js';
import type { RingQueue } from '../ring-queue.js';

export class ClientInput implements GuestStreams {
  readonly #queue: RingQueue;
  readonly #head = new HeadWriter();
  #publishing = false;
  #ended = false;

  constructor(queue: RingQueue) {
    this.#queue = queue;
  }

  open(stream: StreamId, listener: number): void {
    this.#send(this.#head.one(ToGuest.Open, stream, 0, listener));
  }

  data(stream: StreamId, bytes: Uint8Array): void {
    this.#send(this.#head.one(ToGuest.Data, stream), bytes);
  }

  eof(stream: StreamId): void {
    this.#send(this.#head.one(ToGuest.Eof, stream));
  }

  reset(stream: StreamId): void {
    this.#send(this.#head.one(ToGuest.Reset, stream));
  }

  credit(stream: StreamId, bytes: number): void {
    this.#send(this.#head.one(ToGuest.Credit, stream, 0, bytes));
  }

  burstEnd(): void {
    if (this.#publishing) this.#queue.publish();
  }

  /** Nothing reaches the guest any more. */
  end(): void {
    this.#ended = true;
  }

  /**
   * At the latest, the guest is woken for everything that came in during this round of the event loop: waking a sleeping thread
   * costs several microseconds, and a guest that finds many requests at once serves them with one poll and one log batch.
   */
  #send(head: Uint8Array, bytes?: Uint8Array): void {
    if (this.#ended) return;
    this.#queue.send(head, bytes);
    if (this.#publishing) return;
    this.#publishing = true;
    setImmediate(() => {
      this.#publishing = false;
      this.#queue.publish();
    });
  }
}
