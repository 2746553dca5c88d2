/**
 * Copies small byte arrays into shared blocks: an ArrayBuffer of its own costs more than the copy when a message has a
 * few dozen bytes. A block lives as long as any copy in it, so blocks are small and large arrays get their own.
 */

const BLOCK_BYTES = 8192;
/** Larger arrays would waste the rest of a block. */
const SHARED_BYTES_MAX = BLOCK_BYTES >>> 2;

export class Slab {
  #block = new Uint8Array(BLOCK_BYTES);
  #used = 0;

  /** A copy of `bytes` that nobody else writes to. */
  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > SHARED_BYTES_MAX) return bytes.slice();
    if (this.#used + length > BLOCK_BYTES) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    const copy = this.#block.subarray(this.#used, this.#used + length);
    copy.set(bytes);
    this.#used += length;
    return copy;
  }
}
