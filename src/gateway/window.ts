/**
 * A window over one direction of a stream: bytes from `start` (everything before it is done with) to `end` (everything
 * sent so far). It can be sent again from any offset inside, which is what resuming on another replica needs.
 */
import { invariant } from '../errors.js';

export class ByteWindow {
  readonly #chunks: Uint8Array[] = [];
  /** Offset of the first byte of the first chunk. */
  #base: number;
  #start: number;
  #end: number;

  constructor(offset = 0) {
    this.#base = offset;
    this.#start = offset;
    this.#end = offset;
  }

  /** First offset that is still kept. */
  get start(): number {
    return this.#start;
  }

  /** Offset behind the last byte. */
  get end(): number {
    return this.#end;
  }

  /** Bytes kept. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Adds bytes at the end; the window keeps the array, so it must not change. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#end += bytes.length;
  }

  /** Drops everything before `offset`; an older offset changes nothing. */
  dropTo(offset: number): void {
    invariant(offset <= this.#end, `a window that ends at ${this.#end} cannot drop up to ${offset}`);
    if (offset <= this.#start) return;
    this.#start = offset;
    while (this.#chunks.length > 0 && this.#base + this.#chunks[0].length <= offset) {
      this.#base += this.#chunks[0].length;
      this.#chunks.shift();
    }
  }

  /** Hands out what is kept from `offset` on, chunk by chunk, each with its own offset. */
  from(offset: number, take: (bytes: Uint8Array, offset: number) => void): void {
    invariant(offset >= this.#start, `bytes at ${offset} were dropped; the window starts at ${this.#start}`);
    let at = this.#base;
    for (const chunk of this.#chunks) {
      const end = at + chunk.length;
      if (end > offset) {
        const skip = Math.max(0, offset - at);
        take(chunk.subarray(skip), at + skip);
      }
      at = end;
    }
  }
}
