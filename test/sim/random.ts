/** A small seeded generator (xorshift32 over a mixed seed): the same seed gives the same schedule everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Mixed, so that neighbouring seeds give unrelated streams.
    let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    this.#state = (mixed ^ (mixed >>> 16)) >>> 0 || 1;
  }

  /** 0 to 2^32 - 1. */
  word(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  /** `low` up to, not including, `high`. */
  between(low: number, high: number): number {
    return low + (this.word() / 0x1_0000_0000) * (high - low);
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  chance(probability: number): boolean {
    return this.between(0, 1) < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.whole(0, items.length - 1)] as T;
  }
}
