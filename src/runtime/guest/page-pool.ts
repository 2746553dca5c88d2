/** Room for pages that are copied while the guest stands still: allocated and touched before, as that takes longer than copying. */
import { PAGE_BYTES } from '../../snapshot/index.js';

const BLOCK_PAGES = 16;

export class PagePool {
  readonly #blocks: Uint8Array[] = [];
  #used = 0;

  /** Pages that there is room for. */
  get reserved(): number {
    return this.#blocks.length * BLOCK_PAGES;
  }

  /** Pages that were put. */
  get used(): number {
    return this.#used;
  }

  /** Makes room for some more pages. */
  reserve(): void {
    this.#blocks.push(new Uint8Array(BLOCK_PAGES * PAGE_BYTES).fill(1));
  }

  /** Keeps a copy and answers its number. */
  put(page: Uint8Array): number {
    if (this.#used === this.reserved) this.reserve();
    const number = this.#used++;
    this.get(number).set(page);
    return number;
  }

  get(number: number): Uint8Array {
    const start = (number % BLOCK_PAGES) * PAGE_BYTES;
    return this.#blocks[Math.floor(number / BLOCK_PAGES)]!.subarray(start, start + PAGE_BYTES);
  }
}
