/**
 * A single-producer single-consumer ring of messages in a SharedArrayBuffer: the only thing that the guest thread and
 * the I/O thread share (design.md section 2).
 *
 * Layout: four u32 of header, then `capacity` bytes of data (a power of two).
 * ```
 * [0] written   bytes ever published, modulo 2^32      (stored by the producer)
 * [1] consumed  bytes ever taken, modulo 2^32          (stored by the consumer)
 * [2] reader    1 while the consumer sleeps on [0]
 * [3] writer    1 while the producer sleeps on [1]
 * ```
 * A message is a u32 length (bit 31: more fragments follow), then its bytes, padded to 4. Fragments let a message be larger
 * than the ring. Messages become visible by {@link RingWriter.publish}, so a burst costs one wake-up; waking a thread costs
 * its waker several microseconds, so what is not urgent is published quietly.
 */
import { invariant } from '../errors.js';

const HEADER_BYTES = 16;
const WRITTEN = 0;
const CONSUMED = 1;
const READER_WAITS = 2;
const WRITER_WAITS = 3;
const MORE = 0x8000_0000;

/** Allocates a ring of `capacity` bytes (a power of two, at least 4 KiB). */
export function createRing(capacity: number): SharedArrayBuffer {
  invariant(capacity >= 4096 && (capacity & (capacity - 1)) === 0, 'ring capacity must be a power of two >= 4096');
  return new SharedArrayBuffer(HEADER_BYTES + capacity);
}

class RingEnd {
  protected readonly header: Int32Array;
  protected readonly words: Int32Array;
  protected readonly data: Uint8Array;
  protected readonly capacity: number;
  protected readonly mask: number;

  constructor(buffer: SharedArrayBuffer) {
    this.capacity = buffer.byteLength - HEADER_BYTES;
    this.mask = this.capacity - 1;
    this.header = new Int32Array(buffer, 0, 4);
    this.data = new Uint8Array(buffer, HEADER_BYTES);
    this.words = new Int32Array(buffer, HEADER_BYTES);
  }

  /** Sleeps until `header[word]` differs from `seen`; `flag` tells the other side that a wake-up is wanted. */
  protected sleep(word: number, flag: number, seen: number, timeoutMs: number): void {
    Atomics.store(this.header, flag, 1);
    Atomics.wait(this.header, word, seen, timeoutMs);
    Atomics.store(this.header, flag, 0);
  }

  /** As {@link sleep}, on a thread that must not block: `then` runs when the word has changed (maybe at once). */
  protected sleepAsync(word: number, flag: number, seen: number, then: () => void): void {
    Atomics.store(this.header, flag, 1);
    const waiting = Atomics.waitAsync(this.header, word, seen);
    if (waiting.async) waiting.value.then(then);
    else queueMicrotask(then);
  }

  protected wake(word: number, flag: number): void {
    if (Atomics.load(this.header, flag) !== 0) {
      Atomics.store(this.header, flag, 0);
      Atomics.notify(this.header, word);
    }
  }
}

/** The producer's end. */
export class RingWriter extends RingEnd {
  #position: number;
  #published: number;
  /** Something was published quietly since the consumer was woken last. */
  #owesWake = false;

  constructor(buffer: SharedArrayBuffer) {
    super(buffer);
    this.#position = Atomics.load(this.header, WRITTEN) >>> 0;
    this.#published = this.#position;
  }

  /** Bytes that can be written now. */
  get free(): number {
    return this.capacity - this.pending;
  }

  /** Bytes that the consumer has not taken yet. */
  get pending(): number {
    return (this.#position - (Atomics.load(this.header, CONSUMED) >>> 0)) >>> 0;
  }

  /** Largest message that is never split into fragments. */
  get fragmentBytesMax(): number {
    return this.capacity >>> 2;
  }

  /**
   * Writes `head` and `body` as one message (a fragment of one, if `more` is set), or returns false if the ring has no
   * room for it now.
   */
  tryWrite(head: Uint8Array, body?: Uint8Array, more = false): boolean {
    const length = head.length + (body?.length ?? 0);
    if (4 + ((length + 3) & ~3) > this.free) return false;
    this.#put(length, head, body, more);
    return true;
  }

  /** Writes one message of any size, sleeping while the ring is full (rule R7: the guest waits, nothing is dropped). */
  writeBlocking(head: Uint8Array, body?: Uint8Array): void {
    if (head.length + (body?.length ?? 0) <= this.fragmentBytesMax) {
      while (!this.tryWrite(head, body)) this.#waitForRoom();
      return;
    }
    for (const fragment of fragments(head, body, this.fragmentBytesMax)) {
      while (!this.tryWrite(fragment.bytes, undefined, fragment.more)) this.#waitForRoom();
    }
  }

  /** Makes everything written so far visible and wakes a sleeping consumer. */
  publish(): void {
    if (this.publishQuietly() || this.#owesWake) this.wakeReader();
  }

  /** Makes everything written so far visible, but lets a consumer sleep on; true if there was anything. */
  publishQuietly(): boolean {
    if (this.#published === this.#position) return false;
    this.#published = this.#position;
    this.#owesWake = true;
    Atomics.store(this.header, WRITTEN, this.#position | 0);
    return true;
  }

  /** Wakes a consumer that sleeps although something was published. */
  wakeReader(): void {
    this.#owesWake = false;
    this.wake(WRITTEN, READER_WAITS);
  }

  /** Runs `then` once the consumer has taken something. */
  onRoom(then: () => void): void {
    this.sleepAsync(CONSUMED, WRITER_WAITS, Atomics.load(this.header, CONSUMED), then);
  }

  #waitForRoom(): void {
    this.publish();
    const consumed = Atomics.load(this.header, CONSUMED);
    if (this.free < this.capacity >>> 1) this.sleep(CONSUMED, WRITER_WAITS, consumed, 1000);
  }

  #put(length: number, head: Uint8Array, body: Uint8Array | undefined, more: boolean): void {
    this.words[(this.#position & this.mask) >>> 2] = more ? length | MORE : length;
    this.#copy(this.#position + 4, head);
    if (body !== undefined) this.#copy(this.#position + 4 + head.length, body);
    this.#position = (this.#position + 4 + ((length + 3) & ~3)) >>> 0;
  }

  #copy(position: number, bytes: Uint8Array): void {
    const at = position & this.mask;
    const room = this.capacity - at;
    if (bytes.length <= room) {
      this.data.set(bytes, at);
    } else {
      this.data.set(bytes.subarray(0, room), at);
      this.data.set(bytes.subarray(room), 0);
    }
  }
}

/** The consumer's end. */
export class RingReader extends RingEnd {
  #position: number;
  #fragments: Uint8Array[] = [];

  constructor(buffer: SharedArrayBuffer) {
    super(buffer);
    this.#position = Atomics.load(this.header, CONSUMED) >>> 0;
  }

  /** True if at least one message can be taken. */
  get hasMessage(): boolean {
    return Atomics.load(this.header, WRITTEN) >>> 0 !== this.#position;
  }

  /**
   * Hands every published message to `take`; the view is valid only during the call. Returns how many there were.
   * `take` may return false to stop after this message.
   */
  drain(take: (message: Uint8Array) => boolean | undefined): number {
    const written = Atomics.load(this.header, WRITTEN) >>> 0;
    let count = 0;
    while (this.#position !== written) {
      const message = this.#next();
      if (message === undefined) continue;
      count++;
      if (take(message) === false) break;
    }
    Atomics.store(this.header, CONSUMED, this.#position | 0);
    this.wake(CONSUMED, WRITER_WAITS);
    return count;
  }

  /** Blocks the calling thread until there is a message or `timeoutMs` has passed. */
  wait(timeoutMs: number): void {
    this.sleep(WRITTEN, READER_WAITS, this.#position | 0, timeoutMs);
  }

  /** Runs `then` once there is a message, without blocking. */
  onMessage(then: () => void): void {
    this.sleepAsync(WRITTEN, READER_WAITS, this.#position | 0, then);
  }

  /** Takes one physical message; undefined if it was a fragment of one that is not complete yet. */
  #next(): Uint8Array | undefined {
    const header = this.words[(this.#position & this.mask) >>> 2];
    const length = header & ~MORE;
    const part = this.#view(this.#position + 4, length);
    this.#position = (this.#position + 4 + ((length + 3) & ~3)) >>> 0;
    if (header < 0) {
      this.#fragments.push(part.slice());
      return undefined;
    }
    if (this.#fragments.length === 0) return part;
    const whole = concat([...this.#fragments, part]);
    this.#fragments = [];
    return whole;
  }

  #view(position: number, length: number): Uint8Array {
    const at = position & this.mask;
    if (at + length <= this.capacity) return this.data.subarray(at, at + length);
    const copy = new Uint8Array(length);
    const room = this.capacity - at;
    copy.set(this.data.subarray(at, this.capacity));
    copy.set(this.data.subarray(0, length - room), room);
    return copy;
  }
}

/** Splits one message into fragments of at most `bytesMax`. */
export function* fragments(
  head: Uint8Array,
  body: Uint8Array | undefined,
  bytesMax: number,
): Generator<{ bytes: Uint8Array; more: boolean }> {
  const whole = body === undefined ? head : concat([head, body]);
  for (let at = 0; at < whole.length; at += bytesMax) {
    const end = Math.min(at + bytesMax, whole.length);
    yield { bytes: whole.subarray(at, end), more: end < whole.length };
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
