// N queens by bit masks: short recursive calls on integers.
import { mix } from '../checksum';

function place(all: u32, columns: u32, left: u32, right: u32): u32 {
  if (columns == all) return 1;
  let count: u32 = 0;
  for (let free = all & ~(columns | left | right); free != 0; free &= free - 1) {
    const bit = free & -free;
    count += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return count;
}

export function queens(variation: u32): u32 {
  let sum = variation; // no data
  for (let n: u32 = 4; n <= 9; n++) sum = mix(sum, place((1 << n) - 1, 0, 0, 0));
  return sum;
}
