/** The memories of a snapshot as their pages come. Pages that never come cost nothing: fresh memory is zero. */
import type { ByteReader } from '../bytes/reader.js';
import { damaged } from './chunk.js';
import { PAGE_BYTES, type PageHasher } from './page-hash.js';
import { PAGES_HEAD_BYTES, pagesIn } from './pages-layout.js';

const MEMORIES_MAX = 100;
const PAGES_MAX = 65536;

export class ReceivedMemories {
  #contents: Uint8Array[] = [];
  /** In pages. */
  #sizes: readonly number[] = [];

  /** `keeps`: pages are not only checked. */
  constructor(
    private readonly hasher: PageHasher,
    private readonly keeps: boolean,
  ) {}

  get contents(): readonly Uint8Array[] {
    return this.#contents;
  }

  /** Memories only grow. */
  resize(reader: ByteReader, chunk: number): void {
    const count = reader.count('memories');
    if (count > MEMORIES_MAX || count < this.#sizes.length) throw damaged(chunk, `it lists ${count} memories`);
    this.#sizes = Array.from({ length: count }, (_, at) => {
      const pages = reader.u32('a number of pages');
      if (pages > PAGES_MAX || pages < (this.#sizes[at] ?? 0)) throw damaged(chunk, `memory ${at} has ${pages} pages`);
      return pages;
    });
    this.#contents = this.#sizes.map((pages, at) => grown(this.#contents[at], this.keeps ? pages * PAGE_BYTES : 0));
  }

  pages(payload: Uint8Array, chunk: number): void {
    const count = pagesIn(payload.length);
    if (!Number.isInteger(count) || count < 1) throw damaged(chunk, 'it holds no whole pages');
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    const target = this.#part(view.getUint32(0, true), view.getUint32(4, true), count, chunk);
    for (let index = 0; index < count; index++) {
      const hash = view.getBigInt64(PAGES_HEAD_BYTES + count * PAGE_BYTES + index * 8, true);
      if (this.hasher.hash(payload, PAGES_HEAD_BYTES + index * PAGE_BYTES) !== hash) {
        throw damaged(chunk, `the hash of its page ${index} is wrong`);
      }
    }
    target?.set(payload.subarray(PAGES_HEAD_BYTES, PAGES_HEAD_BYTES + count * PAGE_BYTES));
  }

  zero(reader: ByteReader, chunk: number): void {
    const [memory, first, count] = [reader.u32('a memory'), reader.u32('a page'), reader.u32('a number of pages')];
    this.#part(memory, first, count, chunk)?.fill(0);
  }

  /** Undefined if nothing is kept. */
  #part(memory: number, first: number, count: number, chunk: number): Uint8Array | undefined {
    const pages = this.#sizes[memory];
    if (pages === undefined || first + count > pages) throw damaged(chunk, 'its pages lie outside of the memory');
    return this.keeps ? this.#contents[memory]!.subarray(first * PAGE_BYTES, (first + count) * PAGE_BYTES) : undefined;
  }
}

function grown(bytes: Uint8Array | undefined, length: number): Uint8Array {
  if (length === bytes?.length) return bytes;
  const larger = new Uint8Array(length);
  if (bytes !== undefined) larger.set(bytes);
  return larger;
}
