/**
 * Both sides of a guest's rings on one thread. Where the guest's thread would sleep, the rest of the world runs instead; what
 * does not fit waits until the other side has been given its turn.
 */
import { fragments, RingReader, RingWriter } from '../ring.js';

/** The guest's end of the ring that it reads: sleeping means that the world runs. */
export class PumpedReader extends RingReader {
  readonly #sleep: (ms: number) => void;

  constructor(buffer: SharedArrayBuffer, sleep: (ms: number) => void) {
    super(buffer);
    this.#sleep = sleep;
  }

  override wait(timeoutMs: number): void {
    this.#sleep(timeoutMs);
  }
}

/** The guest's end of the ring that it writes: a full ring is emptied first. */
export class PumpedWriter extends RingWriter {
  readonly #empty: () => void;

  constructor(buffer: SharedArrayBuffer, empty: () => void) {
    super(buffer);
    this.#empty = empty;
  }

  override tryWrite(head: Uint8Array, body?: Uint8Array, more = false): boolean {
    if (super.tryWrite(head, body, more)) return true;
    this.publish();
    this.#empty();
    return super.tryWrite(head, body, more);
  }
}

/** The world's end of the ring that the guest reads. */
export class RingFeed {
  readonly #writer: RingWriter;
  readonly #waiting: { readonly bytes: Uint8Array; readonly more: boolean }[] = [];

  constructor(buffer: SharedArrayBuffer) {
    this.#writer = new RingWriter(buffer);
  }

  send(head: Uint8Array, body?: Uint8Array): void {
    for (const { bytes, more } of fragments(head, body, this.#writer.fragmentBytesMax)) {
      // A head is a view into a buffer that is used again.
      this.#waiting.push({ bytes: bytes.slice(), more });
    }
  }

  /** Writes what fits; true if that was something. */
  flush(): boolean {
    let count = 0;
    for (const { bytes, more } of this.#waiting) {
      if (!this.#writer.tryWrite(bytes, undefined, more)) break;
      count++;
    }
    this.#waiting.splice(0, count);
    this.#writer.publish();
    return count > 0;
  }
}
