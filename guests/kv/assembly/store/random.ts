/** Random numbers for RANDOMKEY and SPOP: xorshift64* from one seed of the host. Nothing secret depends on them. */
import { random_get } from '../wasi_snapshot_preview1';

const seed: usize = memory.data(8, 8);
let state: u64 = 1;

export function initializeRandom(): void {
  random_get(seed, 8);
  state = load<u64>(seed) | 1;
}

export function nextRandom(): u32 {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return u32((state * 0x2545f4914f6cdd1d) >> 32);
}
