// Alpha blending of two images in 16-bit lanes.
import { mix, Random } from '../checksum';

const SIZE = 16384;

function blend(to: usize, from: usize, alpha: i16): void {
  const a = i16x8.splat(alpha);
  const b = i16x8.splat(256 - alpha);
  for (let i: usize = 0; i < (SIZE as usize); i += 16) {
    const x = v128.load(from + i);
    const y = v128.load(to + i);
    const low = i16x8.add(i16x8.mul(i16x8.extend_low_i8x16_u(x), a), i16x8.mul(i16x8.extend_low_i8x16_u(y), b));
    const high = i16x8.add(i16x8.mul(i16x8.extend_high_i8x16_u(x), a), i16x8.mul(i16x8.extend_high_i8x16_u(y), b));
    v128.store(to + i, i8x16.narrow_i16x8_u(i16x8.shr_u(low, 8), i16x8.shr_u(high, 8)));
  }
}

export function blendSimd(variation: u32): u32 {
  const random = new Random(8086, variation);
  const to = new Uint8Array(SIZE);
  const from = new Uint8Array(SIZE);
  for (let i = 0; i < SIZE; i++) {
    to[i] = random.next() as u8;
    from[i] = random.next() as u8;
  }
  for (let alpha: i16 = 0; alpha < 256; alpha += 16) blend(to.dataStart, from.dataStart, alpha);
  let sum: u32 = 0;
  for (let i = 0; i < SIZE; i++) sum = mix(sum, to[i]);
  return sum;
}
