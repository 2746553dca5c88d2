/** Checks that an instance notes every page that it writes: pages are compared with what they were when they were taken. */
import { crc32 } from '../../src/bytes/crc32.js';
import type { EngineInstance, MarkingCode, WrittenPages } from '../../src/engine/engine.js';

const PAGE_BYTES = 65536;

export class WatchedPages {
  private readonly known: number[] = [];
  private written: WrittenPages | undefined;
  /** Pages, over all looks, that were not noted. */
  unnoted = 0;
  /** Pages behind the first that were noted as written. */
  noted = 0;

  constructor(private readonly instance: EngineInstance) {}

  /** The captured guest goes on in marked code, or back in its own. */
  toggle(code: MarkingCode): void {
    if (this.written !== undefined) {
      this.look();
      this.written = undefined;
      return this.instance.endMarking!();
    }
    this.written = this.instance.beginMarking!(code);
    this.known.length = 0;
    for (let page = 0; page < this.pages; page++) {
      this.written.take(page);
      this.known.push(this.sum(page));
    }
  }

  /** Takes all pages; while a host function is called, or when the guest stands still. */
  look(): void {
    if (this.written === undefined) return;
    for (let page = 0; page < this.pages; page++) {
      const noted = this.written.take(page);
      const sum = this.sum(page);
      if (noted && page > 0) this.noted++;
      if (!noted && sum !== (this.known[page] ?? ZERO)) this.unnoted++;
      this.known[page] = sum;
    }
  }

  private get pages(): number {
    return this.instance.memory!.bytes.length / PAGE_BYTES;
  }

  private sum(page: number): number {
    return crc32(this.instance.memory!.bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
  }
}

const ZERO = crc32(new Uint8Array(PAGE_BYTES));
