/**
 * Which pages of a memory differ from what was taken of them last. The memory belongs to a guest that runs between the
 * questions, so the only way to know is to look: a page whose hash is the old one is unchanged, but for one chance in 2^64.
 */
import { PAGE_BYTES, type PageHasher } from './page-hash.js';

/** `changed`: {@link PageHasher.page} holds its bytes. `zeroed`: they are all zero now. */
export type PageNews = 'same' | 'changed' | 'zeroed';

export class PageTracker {
  #hashes = new BigInt64Array(0);

  constructor(private readonly hasher: PageHasher) {}

  /** Pages that are known; the memory may have more by now. */
  get pages(): number {
    return this.#hashes.length;
  }

  /** The memory has grown: new pages are zero. */
  grow(pages: number): void {
    if (pages <= this.pages) return;
    const hashes = new BigInt64Array(pages).fill(this.hasher.zero);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }

  /** Looks at a page and takes it, so that it is the same until it changes again. */
  take(memory: Uint8Array, page: number): PageNews {
    const hash = this.hasher.hash(memory, page * PAGE_BYTES);
    if (hash === this.#hashes[page]) return 'same';
    this.#hashes[page] = hash;
    return hash === this.hasher.zero ? 'zeroed' : 'changed';
  }

  /** Hash of a page as it was taken. */
  hashOf(page: number): bigint {
    return this.#hashes[page]!;
  }
}
