// The longest Collatz chains below a limit: 64-bit integers and unpredictable branches.
import { mix } from '../checksum';

export function collatz(): u32 {
  let sum: u32 = 0;
  let longest = 0;
  for (let start: u64 = 1; start < 6000; start++) {
    let length = 0;
    for (let n = start; n != 1; length++) n = n & 1 ? 3 * n + 1 : n >> 1;
    if (length > longest) {
      longest = length;
      sum = mix(sum, start as u32);
    }
  }
  return mix(sum, longest);
}
