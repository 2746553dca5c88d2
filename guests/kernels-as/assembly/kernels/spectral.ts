// Spectral norm of the matrix 1 / ((i + j)(i + j + 1) / 2 + i + 1): f64 divisions and sums.
import { mix } from '../checksum';

const SIZE = 60;

function entry(i: i32, j: i32): f64 {
  return 1.0 / (((i + j) * (i + j + 1)) / 2 + i + 1);
}

function multiply(from: Float64Array, to: Float64Array, transposed: bool): void {
  for (let i = 0; i < SIZE; i++) {
    let sum = 0.0;
    for (let j = 0; j < SIZE; j++) sum += (transposed ? entry(j, i) : entry(i, j)) * from[j];
    to[i] = sum;
  }
}

export function spectral(variation: u32): u32 {
  const u = new Float64Array(SIZE).fill(1);
  u[variation % SIZE] += <f64>(variation % 64) / 64;
  const v = new Float64Array(SIZE);
  const temporary = new Float64Array(SIZE);
  for (let i = 0; i < 10; i++) {
    multiply(u, temporary, false);
    multiply(temporary, v, true);
    multiply(v, temporary, false);
    multiply(temporary, u, true);
  }
  let uv = 0.0;
  let vv = 0.0;
  for (let i = 0; i < SIZE; i++) {
    uv += u[i] * v[i];
    vv += v[i] * v[i];
  }
  const bits = reinterpret<u64>(Math.sqrt(uv / vv));
  return mix(mix(0, bits as u32), (bits >> 32) as u32);
}
