/** Bytes that were pushed and not yet consumed, in one piece: for readers of frames that come in chunks of any size. */
export class PendingBytes {
  /** They lie in `[start, end)` of a buffer that grows by doubling. */
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** A view, valid until the next {@link append}. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) {
      const { bytes } = this;
      this.#buffer = new Uint8Array(Math.max(bytes.length + chunk.length, bytes.length * 2));
      this.#buffer.set(bytes);
      this.#start = 0;
      this.#end = bytes.length;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The first `length` bytes are consumed. */
  drop(length: number): void {
    this.#start += length;
  }
}
