/**
 * Virtual time: a heap of what happens when. Equal times keep the order in which they were asked for. After each event the
 * promises that it settled get their turn, as between two callbacks of a real event loop.
 */
interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Longest chain of promise callbacks that one event sets off; what is longer continues after the next event. */
const MICROTASK_ROUNDS = 6;

export class Scheduler {
  nowMs = 0;
  /** Events run so far. */
  count = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  at(atMs: number, run: () => void): void {
    this.#push({ atMs: Math.max(atMs, this.nowMs), order: this.#order++, run });
  }

  /** Runs everything due up to `untilMs`. Rejects with what an event throws. */
  async runUntil(untilMs: number): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      this.nowMs = next.atMs;
      this.count++;
      next.run();
      for (let round = 0; round < MICROTASK_ROUNDS; round++) await undefined;
    }
    this.nowMs = untilMs;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(entry, heap[parent] as Entry)) break;
      heap[index] = heap[parent] as Entry;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      if (!before(heap[child] as Entry, last)) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
