/** Cuts a snapshot that comes in pieces of any size into its preamble and chunks. */
import { CHUNK_HEADER_BYTES, checkPreamble, chunkBytes, PREAMBLE_BYTES } from './chunk.js';

export class ChunkSplitter {
  #pending: Uint8Array = new Uint8Array(0);
  #preambleRead = false;
  #chunks = 0;

  /** Chunks so far. */
  get chunks(): number {
    return this.#chunks;
  }

  /**
   * Takes the next bytes; hands every chunk that is complete to `take`, valid only during the call.
   * @throws FTW_SNAPSHOT for what is no snapshot of this version
   */
  push(bytes: Uint8Array, take: (chunk: Uint8Array, number: number) => void): void {
    this.#pending = this.#pending.length === 0 ? bytes : joined([this.#pending, bytes]);
    let at = 0;
    for (let end = this.#next(at); end > at; end = this.#next(at)) {
      const part = this.#pending.subarray(at, end);
      at = end;
      if (this.#preambleRead) {
        take(part, this.#chunks++);
      } else {
        checkPreamble(part);
        this.#preambleRead = true;
      }
    }
    this.#pending = this.#pending.slice(at);
  }

  /** End of the preamble or chunk that starts at `at`; `at` itself if it is not all there yet. */
  #next(at: number): number {
    const left = this.#pending.length - at;
    if (!this.#preambleRead) return left < PREAMBLE_BYTES ? at : at + PREAMBLE_BYTES;
    if (left < CHUNK_HEADER_BYTES) return at;
    const length = chunkBytes(this.#pending.subarray(at, at + CHUNK_HEADER_BYTES), this.#chunks);
    return left < length ? at : at + length;
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
