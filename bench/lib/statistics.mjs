/** Small statistics over samples: no assumption about their distribution. */

/**
 * @param {readonly number[]} samples at least one
 * @param {number} q 0 to 1
 * @returns {number} the smallest sample that at least the share q of all does not exceed
 */
export function quantile(samples, q) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

/** @param {readonly number[]} samples */
export function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @typedef {{ median: number, min: number, q1: number, q3: number, max: number }} Spread */

/** @param {readonly number[]} samples @returns {Spread} */
export function spread(samples) {
  const [q1, q3] = [quantile(samples, 0.25), quantile(samples, 0.75)];
  return { median: median(samples), min: Math.min(...samples), q1, q3, max: Math.max(...samples) };
}

/**
 * Ratios of two series measured in the same rounds: round by round, so that what disturbed both at once cancels out.
 * @param {readonly number[]} numerators
 * @param {readonly number[]} denominators as many
 */
export function ratioSpread(numerators, denominators) {
  return spread(numerators.map((value, i) => value / denominators[i]));
}

/** Durations in whole microseconds, exact up to one second; longer ones count as that long, their maximum is kept. */
export class Histogram {
  static #limit = 1_000_000;
  #counts = new Uint32Array(Histogram.#limit + 1);
  #total = 0;
  maxUs = 0;

  /** @param {number} us */
  add(us) {
    this.#counts[Math.min(us | 0, Histogram.#limit)]++;
    this.#total++;
    if (us > this.maxUs) this.maxUs = us;
  }

  get total() {
    return this.#total;
  }

  /** @param {number} q 0 to 1 */
  quantileUs(q) {
    const rank = Math.max(1, Math.ceil(q * this.#total));
    let seen = 0;
    for (let us = 0; us <= Histogram.#limit; us++) {
      seen += this.#counts[us];
      if (seen >= rank) return us;
    }
    return this.maxUs;
  }
}
