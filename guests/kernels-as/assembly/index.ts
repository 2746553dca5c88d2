// The AssemblyScript kernels as one WASI command: `kernels-as NAME [REPEATS]` runs one of them, each time on other data
// (../kernels/c/kernel.h says why), folds the checksums into one, prints "<name> <checksum>" and exits with 1 when a
// kernel that checks itself failed. The checksums of one repetition are in ../kernels/manifest.json.
import { mix } from './checksum';
import { blendSimd } from './kernels/blend_simd';
import { collatz } from './kernels/collatz';
import { dijkstra } from './kernels/dijkstra';
import { huffman } from './kernels/huffman';
import { json } from './kernels/json';
import { queens } from './kernels/queens';
import { spectral } from './kernels/spectral';
import { words } from './kernels/words';
import { exit, print, readArgs } from './wasi';

/** The checksum of repetition `variation` (from 0); 0 if the result was wrong. */
function runKernel(name: string, variation: u32): u32 {
  if (name == 'blend_simd') return blendSimd(variation);
  if (name == 'collatz') return collatz(variation);
  if (name == 'dijkstra') return dijkstra(variation);
  if (name == 'huffman') return huffman(variation);
  if (name == 'json') return json(variation);
  if (name == 'queens') return queens(variation);
  if (name == 'spectral') return spectral(variation);
  if (name == 'words') return words(variation);
  print('no such kernel: ' + name + '\n');
  exit(2);
  return 0;
}

export function _start(): void {
  const args = readArgs();
  const name = args.length > 1 ? args[1] : '';
  const repeats = args.length > 2 ? I32.parseInt(args[2]) : 1;
  let checksum: u32 = 0;
  for (let i = 0; i < repeats; i++) {
    const once = runKernel(name, i);
    if (once == 0) exit(1);
    checksum = i == 0 ? once : mix(checksum, once);
  }
  print(name + ' ' + checksum.toString(16).padStart(8, '0') + '\n');
}
