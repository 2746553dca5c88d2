// The AssemblyScript kernels as one WASI command: `kernels-as NAME [REPEATS]` runs one of them, prints "<name> <checksum>"
// and exits with 1 when a repetition gave another checksum than the first one. The expected checksums are in
// ../kernels/manifest.json.
import { blendSimd } from './kernels/blend_simd';
import { collatz } from './kernels/collatz';
import { dijkstra } from './kernels/dijkstra';
import { huffman } from './kernels/huffman';
import { json } from './kernels/json';
import { queens } from './kernels/queens';
import { spectral } from './kernels/spectral';
import { words } from './kernels/words';
import { exit, print, readArgs } from './wasi';

function runKernel(name: string): u32 {
  if (name == 'blend_simd') return blendSimd();
  if (name == 'collatz') return collatz();
  if (name == 'dijkstra') return dijkstra();
  if (name == 'huffman') return huffman();
  if (name == 'json') return json();
  if (name == 'queens') return queens();
  if (name == 'spectral') return spectral();
  if (name == 'words') return words();
  print('no such kernel: ' + name + '\n');
  exit(2);
  return 0;
}

export function _start(): void {
  const args = readArgs();
  const name = args.length > 1 ? args[1] : '';
  const repeats = args.length > 2 ? I32.parseInt(args[2]) : 1;
  const checksum = runKernel(name);
  for (let i = 1; i < repeats; i++) if (runKernel(name) != checksum) exit(1);
  print(name + ' ' + checksum.toString(16).padStart(8, '0') + '\n');
}
