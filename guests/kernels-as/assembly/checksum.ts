/** Folds `value` into the running checksum `sum`; the same function as in ../kernels/c/kernel.h. */
export function mix(sum: u32, value: u32): u32 {
  const product = (sum ^ value) * 0x9e3779b1;
  return product ^ (product >> 15);
}

/** A xorshift generator (Marsaglia, 2003); other numbers for each variation of a seed, as in ../kernels/c/kernel.h. */
export class Random {
  private state: u32;

  constructor(seed: u32, variation: u32) {
    const state = seed + variation * 0x9e3779b1;
    this.state = state != 0 ? state : seed;
  }

  next(): u32 {
    let x = this.state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    this.state = x;
    return x;
  }
}
