/** Chunks of pages, gathered page by page. */
import { CHUNK_HEADER_BYTES, ChunkKind, sealChunk } from './chunk.js';
import { PAGE_BYTES } from './page-hash.js';
import { HASH_BYTES, PAGES_HEAD_BYTES } from './pages-layout.js';

/** Gathers consecutive pages; one buffer serves for all runs. */
export class PagesChunk {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #hashes: BigInt64Array;
  #memory = 0;
  #first = 0;
  #count = 0;

  /** Pages in a chunk at most. */
  constructor(private readonly pagesMax: number) {
    const payload = PAGES_HEAD_BYTES + pagesMax * (PAGE_BYTES + HASH_BYTES);
    this.#bytes = new Uint8Array(CHUNK_HEADER_BYTES + payload);
    this.#view = new DataView(this.#bytes.buffer);
    this.#hashes = new BigInt64Array(pagesMax);
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Whether this page continues the run. */
  takes(memory: number, page: number): boolean {
    if (this.#count === 0) return true;
    return this.#count < this.pagesMax && memory === this.#memory && page === this.#first + this.#count;
  }

  /** Appends a page that {@link takes} allows. */
  add(memory: number, page: number, bytes: Uint8Array, hash: bigint): void {
    if (this.#count === 0) {
      this.#memory = memory;
      this.#first = page;
    }
    this.#bytes.set(bytes, this.#end);
    this.#hashes[this.#count++] = hash;
  }

  /** The finished chunk, and an empty run; the view is valid until the next {@link add}. */
  finish(): Uint8Array {
    let at = this.#end;
    for (let index = 0; index < this.#count; index++, at += HASH_BYTES) {
      this.#view.setBigInt64(at, this.#hashes[index]!, true);
    }
    this.#view.setUint32(CHUNK_HEADER_BYTES, this.#memory, true);
    this.#view.setUint32(CHUNK_HEADER_BYTES + 4, this.#first, true);
    this.#count = 0;
    return sealChunk(this.#bytes.subarray(0, at), ChunkKind.Pages);
  }

  get #end(): number {
    return CHUNK_HEADER_BYTES + PAGES_HEAD_BYTES + this.#count * PAGE_BYTES;
  }
}
