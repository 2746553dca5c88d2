/**
 * SipHash-1-3 (Aumasson and Bernstein, 2012) with a random key, so that a client cannot choose keys that collide.
 * Folded to 32 bits: enough for a table bounded by a 4 GiB memory.
 */
import { random_get } from '../wasi_snapshot_preview1';

const seed: usize = memory.data(16, 8);
let key0: u64 = 0;
let key1: u64 = 0;

export function initializeHash(): void {
  random_get(seed, 16);
  key0 = load<u64>(seed);
  key1 = load<u64>(seed, 8);
}

export function hashBytes(bytes: usize, length: u32): u32 {
  let v0 = key0 ^ 0x736f6d6570736575;
  let v1 = key1 ^ 0x646f72616e646f6d;
  let v2 = key0 ^ 0x6c7967656e657261;
  let v3 = key1 ^ 0x7465646279746573;
  // A round for each full word, one for the rest with the length, three to finish.
  const words = length >> 3;
  for (let round: u32 = 0; round < words + 4; round++) {
    let word: u64 = 0;
    if (round < words) word = load<u64>(bytes + (round << 3));
    else if (round == words) word = tail(bytes + (words << 3), length);
    v3 ^= word;
    v0 += v1;
    v1 = rotl(v1, 13) ^ v0;
    v0 = rotl(v0, 32);
    v2 += v3;
    v3 = rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = rotl(v1, 17) ^ v2;
    v2 = rotl(v2, 32);
    v0 ^= word;
    if (round == words) v2 ^= 0xff;
  }
  const digest = v0 ^ v1 ^ v2 ^ v3;
  return u32(digest) ^ u32(digest >> 32);
}

/** The bytes behind the last full word, with the length in the top byte. */
function tail(from: usize, length: u32): u64 {
  let word = u64(length) << 56;
  for (let i: u32 = 0, rest = length & 7; i < rest; i++) word |= u64(load<u8>(from + i)) << (i << 3);
  return word;
}
