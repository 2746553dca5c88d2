/**
 * The copy of a memory that the guest goes on writing to: passes over its pages, each handing out what has changed since the
 * one before. What is left for the pause is one more look at everything, and the pages that changed since the last pass.
 * Once somebody notes which pages are written, passes and pause look at those only.
 */
import type { WrittenPages } from '../../engine/engine.js';
import { PAGE_BYTES, type PageHasher, PageTracker, type SnapshotWriter } from '../../snapshot/index.js';
import { PagePool } from './page-pool.js';

/** So few changed pages need no further pass: copying them takes about a millisecond. */
const CHANGED_PAGES_FEW = 64;
const PASSES_MAX = 4;
/** Passes over pages that are noted are short, and so are those behind them. */
const NOTED_PASSES_MAX = 12;
const PAGES_MAX = 65536;
/** A pass that changes more than this share of the one before does not get closer. */
const SHRINKS_TO = 0.7;

/** A page as it was when the guest stood still. */
interface FrozenPage {
  readonly page: number;
  /** Undefined: it is zero. */
  readonly copy: number | undefined;
}

export class PreCopy {
  readonly #tracker: PageTracker;
  readonly #pool = new PagePool();
  readonly #frozen: FrozenPage[] = [];
  /** Pages that may have changed without a note, as bytes; none is taken off before notes are made. */
  readonly #due = new Uint8Array(PAGES_MAX).fill(1);
  #written: WrittenPages | undefined;
  #next = 0;
  #pass = 1;
  #changed = 0;
  #changedBefore = Number.POSITIVE_INFINITY;

  /** `emit` is handed pieces of the stream, valid during the call: at most one for each step. */
  constructor(
    readonly hasher: PageHasher,
    private readonly writer: SnapshotWriter,
    private readonly emit: (piece: Uint8Array) => void,
  ) {
    this.#tracker = new PageTracker(hasher);
  }

  /** True once the guest may be stopped. */
  isDone = false;

  /** Pages of the memory. */
  get pages(): number {
    return this.#tracker.pages;
  }

  /** From now on `written` knows of every write. What has been looked at before may have changed since. */
  note(written: WrittenPages, memory: Uint8Array): void {
    this.#written = written;
    // Pages that there are not yet will be written behind this.
    this.#due.fill(0, memory.length / PAGE_BYTES);
    // One look at everything, of which nothing is left for the pause.
    this.again();
  }

  /** Further passes: nothing was looked at for a while. */
  again(): void {
    this.#next = 0;
    this.#pass = 1;
    this.#changed = 0;
    this.#changedBefore = Number.POSITIVE_INFINITY;
    this.isDone = false;
  }

  /** Looks at one page, or makes room for the pause. */
  step(memory: Uint8Array): void {
    const pages = memory.length / PAGE_BYTES;
    if (pages > this.pages) {
      this.#tracker.grow(pages);
      return this.emit(this.writer.memories([pages]));
    }
    const page = this.#nextDue();
    if (page !== undefined) {
      this.#look(memory, page);
    } else if (this.#isLastPass() && this.#pool.reserved < this.#changed * 1.25) {
      this.#pool.reserve();
    } else {
      this.#endPass();
    }
  }

  /** The guest stands still: keeps what has changed. Answers how many pages that are. */
  freeze(memory: Uint8Array): number {
    this.#tracker.grow(memory.length / PAGE_BYTES);
    for (let page = 0; page < this.pages; page++) {
      if (!this.#isDue(page)) continue;
      const news = this.#tracker.take(memory, page);
      if (news === 'same') continue;
      const copy = news === 'zeroed' ? undefined : this.#pool.put(this.hasher.page);
      this.#frozen.push({ page, copy });
    }
    return this.#frozen.length;
  }

  /** What {@link freeze} has kept, as pieces, each valid until the next. */
  *rest(): Generator<Uint8Array, void> {
    for (const { page, copy } of this.#frozen) {
      if (copy === undefined) {
        yield this.writer.zeroPages(0, page, 1);
        continue;
      }
      if (!this.writer.takesPage(0, page)) yield this.writer.flush()!;
      this.writer.addPage(0, page, this.#pool.get(copy), this.#tracker.hashOf(page));
    }
    const last = this.writer.flush();
    if (last !== undefined) yield last;
  }

  #nextDue(): number | undefined {
    while (this.#next < this.pages) {
      const page = this.#next++;
      if (this.#isDue(page)) return page;
    }
    return undefined;
  }

  /** Whether a page must be looked at, which is then done. */
  #isDue(page: number): boolean {
    if (this.#written === undefined) return true;
    const noted = this.#written.take(page);
    const due = noted || this.#due[page] === 1;
    this.#due[page] = 0;
    return due;
  }

  #look(memory: Uint8Array, page: number): void {
    const news = this.#tracker.take(memory, page);
    if (news === 'same') return;
    this.#changed++;
    if (news === 'zeroed') return this.emit(this.writer.zeroPages(0, page, 1));
    if (!this.writer.takesPage(0, page)) this.#flush();
    this.writer.addPage(0, page, this.hasher.page, this.#tracker.hashOf(page));
  }

  #flush(): void {
    const run = this.writer.flush();
    if (run !== undefined) this.emit(run);
  }

  #endPass(): void {
    this.isDone = this.#isLastPass();
    this.#changedBefore = this.#changed;
    this.#changed = 0;
    this.#next = 0;
    this.#pass++;
    this.#flush();
  }

  #isLastPass(): boolean {
    const passesMax = this.#written === undefined ? PASSES_MAX : NOTED_PASSES_MAX;
    const slow = this.#pass > 1 && this.#changed > this.#changedBefore * SHRINKS_TO;
    return this.#changed <= CHANGED_PAGES_FEW || this.#pass >= passesMax || slow;
  }
}
