// The longest Collatz chains of 5999 small numbers: 64-bit integers and unpredictable branches.
import { mix } from '../checksum';

/** A prime, so that the multiples of any number are all numbers below it, in another order. */
const PRIME: u64 = 6007;

export function collatz(variation: u32): u32 {
  let sum: u32 = 0;
  let longest = 0;
  const step: u64 = 1 + (variation % 6000);
  for (let i: u64 = 1; i < 6000; i++) {
    const start = (i * step) % PRIME;
    let length = 0;
    for (let n = start; n != 1; length++) n = n & 1 ? 3 * n + 1 : n >> 1;
    if (length > longest) {
      longest = length;
      sum = mix(sum, start as u32);
    }
  }
  return mix(sum, longest);
}
