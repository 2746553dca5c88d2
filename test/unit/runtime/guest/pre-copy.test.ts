/** The copy of a memory beside its guest: which pages are looked at, and when. */
import { describe, expect, it } from 'vitest';
import { PreCopy } from '../../../../src/runtime/guest/pre-copy.js';
import { PAGE_BYTES, PageHasher, SnapshotWriter } from '../../../../src/snapshot/index.js';

const PAGES = 200;

class CountingHasher extends PageHasher {
  readonly looks: number[] = [];

  override hash(bytes: Uint8Array, start: number): bigint {
    this.looks.push(start / PAGE_BYTES);
    return super.hash(bytes, start);
  }
}

/** Pages that were written, as marked code would note them. */
class Notes {
  readonly pages = new Set<number>();
  take = (page: number) => this.pages.delete(page);
}

class Copy {
  memory = new Uint8Array(PAGES * PAGE_BYTES);
  readonly hasher = new CountingHasher(7n);
  readonly copy = new PreCopy(this.hasher, new SnapshotWriter(4), () => {});
  readonly notes = new Notes();

  write(page: number, value: number): void {
    this.memory[page * PAGE_BYTES + 9] = value;
    this.notes.pages.add(page);
  }

  /** Steps until the guest may be stopped; answers the pages that were looked at. */
  finish(): number[] {
    return this.looks(() => {
      while (!this.copy.isDone) this.copy.step(this.memory);
    });
  }

  looks(work: () => void): number[] {
    this.hasher.looks.length = 0;
    work();
    return [...this.hasher.looks];
  }

  freeze(): { looks: number[]; changed: number } {
    let changed = 0;
    const looks = this.looks(() => {
      changed = this.copy.freeze(this.memory);
    });
    return { looks, changed };
  }
}

const all = Array.from({ length: PAGES }, (_, page) => page);

describe('without notes', () => {
  it('the pause looks at every page', () => {
    const copy = new Copy();
    copy.write(3, 1);
    copy.finish();
    copy.write(5, 1);
    expect(copy.freeze()).toEqual({ looks: all, changed: 1 });
  });
});

describe('with notes', () => {
  it.each([0, 1, 90, PAGES + 50, 2 * PAGES + 1])(
    'that come after %i steps, everything is looked at once more',
    (steps) => {
      const copy = new Copy();
      for (const page of all) copy.write(page, 1);
      for (let left = steps; left > 0; left--) copy.copy.step(copy.memory);
      copy.copy.note(copy.notes, copy.memory);
      const looks = copy.finish();
      expect(looks.slice(0, PAGES)).toEqual(all);
      expect(copy.freeze().looks).toEqual([]);
    },
  );

  it('passes and pause look at the noted pages only', () => {
    const copy = new Copy();
    copy.copy.note(copy.notes, copy.memory);
    while (copy.hasher.looks.length < PAGES) copy.copy.step(copy.memory);
    for (let page = 10; page < 90; page++) copy.write(page, 2);
    expect(copy.looks(() => copy.copy.step(copy.memory))).toEqual([]);
    copy.write(50, 3);
    copy.write(7, 1);
    expect(copy.freeze().looks).toEqual([7, ...all.slice(10, 90)]);
  });

  it('pages that the memory grows by are looked at when they are written', () => {
    const copy = new Copy();
    copy.copy.note(copy.notes, copy.memory);
    copy.finish();
    const grown = new Uint8Array((PAGES + 3) * PAGE_BYTES);
    grown.set(copy.memory);
    copy.memory = grown;
    copy.write(PAGES + 1, 4);
    expect(copy.freeze()).toEqual({ looks: [PAGES + 1], changed: 1 });
  });

  it('pages that it had grown by before are looked at', () => {
    const copy = new Copy();
    copy.finish();
    const grown = new Uint8Array((PAGES + 2) * PAGE_BYTES).fill(1, PAGES * PAGE_BYTES);
    copy.memory = grown;
    copy.copy.note(copy.notes, copy.memory);
    expect(copy.finish().slice(0, PAGES + 2)).toEqual([...all, PAGES, PAGES + 1]);
    expect(copy.freeze()).toEqual({ looks: [], changed: 0 });
  });
});
