/**
 * The hash of a page: XXH3, the 64-bit variant with a seed (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md), of
 * exactly 64 KiB of the imported memory, which is a guest's. It says which pages have changed since they were copied, and
 * it is the checksum under which they travel; see src/snapshot/page-hash.ts.
 *
 * XXH3 keeps eight 64-bit sums, four vectors here. A stripe is 64 bytes; sixteen of them make a block, each mixed with
 * the secret at another offset; a block ends with a scramble of the sums.
 */
const BLOCK_BYTES: u32 = 1024;
/** Of a page; the last block lacks its last stripe, which has a secret of its own. */
const WHOLE_BLOCKS: u32 = 63;
const PAGE_BYTES: u64 = 65536;

const PRIME32_1: u64 = 0x9e3779b1;
const PRIME32_2: u64 = 0x85ebca77;
const PRIME32_3: u64 = 0xc2b2ae3d;
const PRIME64_1: u64 = 0x9e3779b185ebca87;
const PRIME64_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME64_3: u64 = 0x165667b19e3779f9;
const PRIME64_4: u64 = 0x85ebca77c2b2ae63;
const PRIME64_5: u64 = 0x27d4eb2f165667c5;
const PRIME_MX1: u64 = 0x165667919e3779f9;

let seed: u64 = 0;

/** For all pages from now on. */
export function setSeed(value: u64): void {
  seed = value;
}

/** The sum of one vector with 16 bytes at `at`. */
function mixed(sum: v128, at: u32, key: v128): v128 {
  const data = v128.load(at);
  const keyed = v128.xor(data, key);
  const low = i8x16.shuffle(keyed, keyed, 0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11);
  const high = i8x16.shuffle(keyed, keyed, 4, 5, 6, 7, 12, 13, 14, 15, 4, 5, 6, 7, 12, 13, 14, 15);
  const swapped = i8x16.shuffle(data, data, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  return i64x2.add(sum, i64x2.add(swapped, i64x2.extmul_low_i32x4_u(low, high)));
}

function scrambled(sum: v128, key: v128): v128 {
  const x = v128.xor(v128.xor(sum, i64x2.shr_u(sum, 47)), key);
  return i64x2.mul(x, i64x2.splat(PRIME32_1));
}

/** The two halves of the 128-bit product, xored. */
function multiplyFold(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const lowLow = aLow * bLow;
  const highLow = aHigh * bLow;
  const lowHigh = aLow * bHigh;
  const cross = (lowLow >> 32) + (highLow & 0xffffffff) + lowHigh;
  const upper = (highLow >> 32) + (cross >> 32) + aHigh * bHigh;
  return upper ^ ((cross << 32) | (lowLow & 0xffffffff));
}

function mergedPair(sum: v128, key: v128): u64 {
  const x = v128.xor(sum, key);
  return multiplyFold(i64x2.extract_lane(x, 0), i64x2.extract_lane(x, 1));
}

/**
 * Hashes the page at `page`, an address at most 4 GiB - 64 KiB. The words of XXH3's default secret, each with its neighbour;
 * the seed raises the even ones and lowers the odd ones.
 */
export function hash(page: u32): u64 {
  const up = i64x2.replace_lane(i64x2.splat(0 - seed), 0, seed);
  const down = i64x2.replace_lane(i64x2.splat(seed), 0, 0 - seed);
  const k0 = i64x2.add(i64x2(0xbe4ba423396cfeb8, 0x1cad21f72c81017c), up);
  const k1 = i64x2.add(i64x2(0x1cad21f72c81017c, 0xdb979083e96dd4de), down);
  const k2 = i64x2.add(i64x2(0xdb979083e96dd4de, 0x1f67b3b7a4a44072), up);
  const k3 = i64x2.add(i64x2(0x1f67b3b7a4a44072, 0x78e5c0cc4ee679cb), down);
  const k4 = i64x2.add(i64x2(0x78e5c0cc4ee679cb, 0x2172ffcc7dd05a82), up);
  const k5 = i64x2.add(i64x2(0x2172ffcc7dd05a82, 0x8e2443f7744608b8), down);
  const k6 = i64x2.add(i64x2(0x8e2443f7744608b8, 0x4c263a81e69035e0), up);
  const k7 = i64x2.add(i64x2(0x4c263a81e69035e0, 0xcb00c391bb52283c), down);
  const k8 = i64x2.add(i64x2(0xcb00c391bb52283c, 0xa32e531b8b65d088), up);
  const k9 = i64x2.add(i64x2(0xa32e531b8b65d088, 0x4ef90da297486471), down);
  const k10 = i64x2.add(i64x2(0x4ef90da297486471, 0xd8acdea946ef1938), up);
  const k11 = i64x2.add(i64x2(0xd8acdea946ef1938, 0x3f349ce33f76faa8), down);
  const k12 = i64x2.add(i64x2(0x3f349ce33f76faa8, 0x1d4f0bc7c7bbdcf9), up);
  const k13 = i64x2.add(i64x2(0x1d4f0bc7c7bbdcf9, 0x3159b4cd4be0518a), down);
  const k14 = i64x2.add(i64x2(0x3159b4cd4be0518a, 0x647378d9c97e9fc8), up);
  const k15 = i64x2.add(i64x2(0x647378d9c97e9fc8, 0xc3ebd33483acc5ea), down);
  const k16 = i64x2.add(i64x2(0xc3ebd33483acc5ea, 0xeb6313faffa081c5), up);
  const k17 = i64x2.add(i64x2(0xeb6313faffa081c5, 0x49daf0b751dd0d17), down);
  const k18 = i64x2.add(i64x2(0x49daf0b751dd0d17, 0x9e68d429265516d3), up);
  const k19 = i64x2.add(i64x2(0x9e68d429265516d3, 0xfca1477d58be162b), down);
  const k20 = i64x2.add(i64x2(0xfca1477d58be162b, 0xce31d07ad1b8f88f), up);
  const k21 = i64x2.add(i64x2(0xce31d07ad1b8f88f, 0x280416958f3acb45), down);
  const k22 = i64x2.add(i64x2(0x280416958f3acb45, 0x7e404bbbcafbd7af), up);

  let a = i64x2(PRIME32_3, PRIME64_1);
  let b = i64x2(PRIME64_2, PRIME64_3);
  let c = i64x2(PRIME64_4, PRIME32_2);
  let d = i64x2(PRIME64_5, PRIME32_1);
  let at = page;
  for (let block: u32 = 0; block <= WHOLE_BLOCKS; block++) {
    a = mixed(a, at, k0);
    b = mixed(b, at + 16, k2);
    c = mixed(c, at + 32, k4);
    d = mixed(d, at + 48, k6);
    a = mixed(a, at + 64, k1);
    b = mixed(b, at + 80, k3);
    c = mixed(c, at + 96, k5);
    d = mixed(d, at + 112, k7);
    a = mixed(a, at + 128, k2);
    b = mixed(b, at + 144, k4);
    c = mixed(c, at + 160, k6);
    d = mixed(d, at + 176, k8);
    a = mixed(a, at + 192, k3);
    b = mixed(b, at + 208, k5);
    c = mixed(c, at + 224, k7);
    d = mixed(d, at + 240, k9);
    a = mixed(a, at + 256, k4);
    b = mixed(b, at + 272, k6);
    c = mixed(c, at + 288, k8);
    d = mixed(d, at + 304, k10);
    a = mixed(a, at + 320, k5);
    b = mixed(b, at + 336, k7);
    c = mixed(c, at + 352, k9);
    d = mixed(d, at + 368, k11);
    a = mixed(a, at + 384, k6);
    b = mixed(b, at + 400, k8);
    c = mixed(c, at + 416, k10);
    d = mixed(d, at + 432, k12);
    a = mixed(a, at + 448, k7);
    b = mixed(b, at + 464, k9);
    c = mixed(c, at + 480, k11);
    d = mixed(d, at + 496, k13);
    a = mixed(a, at + 512, k8);
    b = mixed(b, at + 528, k10);
    c = mixed(c, at + 544, k12);
    d = mixed(d, at + 560, k14);
    a = mixed(a, at + 576, k9);
    b = mixed(b, at + 592, k11);
    c = mixed(c, at + 608, k13);
    d = mixed(d, at + 624, k15);
    a = mixed(a, at + 640, k10);
    b = mixed(b, at + 656, k12);
    c = mixed(c, at + 672, k14);
    d = mixed(d, at + 688, k16);
    a = mixed(a, at + 704, k11);
    b = mixed(b, at + 720, k13);
    c = mixed(c, at + 736, k15);
    d = mixed(d, at + 752, k17);
    a = mixed(a, at + 768, k12);
    b = mixed(b, at + 784, k14);
    c = mixed(c, at + 800, k16);
    d = mixed(d, at + 816, k18);
    a = mixed(a, at + 832, k13);
    b = mixed(b, at + 848, k15);
    c = mixed(c, at + 864, k17);
    d = mixed(d, at + 880, k19);
    a = mixed(a, at + 896, k14);
    b = mixed(b, at + 912, k16);
    c = mixed(c, at + 928, k18);
    d = mixed(d, at + 944, k20);
    if (block == WHOLE_BLOCKS) break;
    a = mixed(a, at + 960, k15);
    b = mixed(b, at + 976, k17);
    c = mixed(c, at + 992, k19);
    d = mixed(d, at + 1008, k21);
    at += BLOCK_BYTES;
    a = scrambled(a, k16);
    b = scrambled(b, k18);
    c = scrambled(c, k20);
    d = scrambled(d, k22);
  }
  // From here on the secret is read at odd distances: 121 bytes in for the last stripe, 11 for merging the sums.
  const last = at + BLOCK_BYTES - 64;
  a = mixed(a, last, i8x16.shuffle(k14, k16, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24));
  b = mixed(b, last + 16, i8x16.shuffle(k16, k18, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24));
  c = mixed(c, last + 32, i8x16.shuffle(k18, k20, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24));
  d = mixed(d, last + 48, i8x16.shuffle(k20, k22, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24));
  let merged: u64 = PAGE_BYTES * PRIME64_1;
  merged += mergedPair(a, i8x16.shuffle(k0, k2, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26));
  merged += mergedPair(b, i8x16.shuffle(k2, k4, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26));
  merged += mergedPair(c, i8x16.shuffle(k4, k6, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26));
  merged += mergedPair(d, i8x16.shuffle(k6, k8, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26));
  merged ^= merged >> 37;
  merged *= PRIME_MX1;
  return merged ^ (merged >> 32);
}
