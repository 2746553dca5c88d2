/**
 * A window over one direction of a stream: bytes from `start` (everything before it is done with) to `end` (everything
 * sent so far). It can be sent again from any offset inside, which is what resuming on another replica needs.
 *
 * What a client sends at a time is small, and thousands of such pieces may be kept: they are copied side by side into blocks.
 */
import { invariant } from '../errors.js';

/** Larger pieces are kept as they are. */
const COPIED_BYTES_MAX = 1024;
/** Blocks grow with what passes: most connections are idle. */
const BLOCK_BYTES_MIN = 256;
const BLOCK_BYTES_MAX = 8192;

interface Block {
  readonly bytes: Uint8Array;
  /** Bytes in use, from the block's start. */
  length: number;
}

export class ByteWindow {
  readonly #blocks: Block[] = [];
  /** Offset of the first byte of the first block. */
  #base: number;
  #start: number;
  #end: number;
  #nextBytes = BLOCK_BYTES_MIN;

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

  /** Adds bytes at the end; the window keeps a large array, so it must not change. */
  push(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === 0) return;
    this.#end += length;
    if (length > COPIED_BYTES_MAX) {
      this.#blocks.push({ bytes, length });
      return;
    }
    const block = this.#roomFor(length);
    block.bytes.set(bytes, block.length);
    block.length += length;
  }

  /** Drops everything before `offset`; an older offset changes nothing. */
  dropTo(offset: number): void {
    invariant(offset <= this.#end, `a window that ends at ${this.#end} cannot drop up to ${offset}`);
    if (offset <= this.#start) return;
    this.#start = offset;
    let done = 0;
    while (done < this.#blocks.length && this.#base + this.#blocks[done].length <= offset) {
      this.#base += this.#blocks[done].length;
      done++;
    }
    if (done > 0) this.#blocks.splice(0, done);
  }

  /** Hands out what is kept from `offset` on, piece by piece, each with its own offset; pieces never change. */
  from(offset: number, take: (bytes: Uint8Array, offset: number) => void): void {
    invariant(offset >= this.#start, `bytes at ${offset} were dropped; the window starts at ${this.#start}`);
    // Looked for from the end: whoever asks has all but the last of them.
    let index = this.#blocks.length;
    let at = this.#end;
    while (at > offset) at -= this.#blocks[--index].length;
    for (; index < this.#blocks.length; index++) {
      const { bytes, length } = this.#blocks[index];
      const skip = Math.max(0, offset - at);
      take(bytes.subarray(skip, length), at + skip);
      at += length;
    }
  }

  /** The last block, if so many bytes fit, or a new one. */
  #roomFor(length: number): Block {
    const last = this.#blocks[this.#blocks.length - 1];
    if (last !== undefined && last.bytes.length - last.length >= length) return last;
    const block = { bytes: new Uint8Array(Math.max(this.#nextBytes, length)), length: 0 };
    this.#nextBytes = Math.min(BLOCK_BYTES_MAX, this.#nextBytes * 2);
    this.#blocks.push(block);
    return block;
  }
}
