/**
 * The producer's end of a ring on a thread that must not block: what does not fit waits in a queue and follows as soon
 * as the consumer has made room. Order is kept.
 */
import { fragments, type RingWriter } from './ring.js';

interface Waiting {
  readonly head: Uint8Array;
  readonly body: Uint8Array | undefined;
  readonly more: boolean;
}

export class RingQueue {
  readonly #writer: RingWriter;
  readonly #queue: Waiting[] = [];
  #armed = false;
  #queuedBytes = 0;

  constructor(writer: RingWriter) {
    this.#writer = writer;
  }

  /** Bytes that wait because the ring is full; callers use it as back-pressure. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Sends one message of any size. */
  send(head: Uint8Array, body?: Uint8Array): void {
    if (head.length + (body?.length ?? 0) <= this.#writer.fragmentBytesMax) {
      this.#sendPart(head, body, false);
      return;
    }
    for (const part of fragments(head, body, this.#writer.fragmentBytesMax))
      this.#sendPart(part.bytes, undefined, part.more);
  }

  /** Makes what was sent visible to the consumer; call it once per burst. */
  publish(): void {
    this.#writer.publish();
  }

  /** The same for a consumer that may take its time: call {@link publish} a little later. */
  publishQuietly(): void {
    this.#writer.publishQuietly();
  }

  #sendPart(head: Uint8Array, body: Uint8Array | undefined, more: boolean): void {
    if (this.#queue.length === 0 && this.#writer.tryWrite(head, body, more)) return;
    // The caller may reuse its buffers, so what has to wait is copied.
    this.#queue.push({ head: head.slice(), body: body?.slice(), more });
    this.#queuedBytes += head.length + (body?.length ?? 0);
    this.#arm();
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#writer.publish();
    this.#writer.onRoom(() => {
      this.#armed = false;
      this.#flush();
    });
  }

  #flush(): void {
    let sent = 0;
    for (const part of this.#queue) {
      if (!this.#writer.tryWrite(part.head, part.body, part.more)) break;
      this.#queuedBytes -= part.head.length + (part.body?.length ?? 0);
      sent++;
    }
    this.#queue.splice(0, sent);
    this.#writer.publish();
    if (this.#queue.length > 0) this.#arm();
  }
}
