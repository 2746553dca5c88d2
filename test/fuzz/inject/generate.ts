/** Random valid modules: Binaryen's translate-to-fuzz, whose input bytes come from a seed. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const wasmOpt = path.join(path.dirname(createRequire(import.meta.url).resolve('binaryen')), 'bin/wasm-opt');

/** What every supported Node version runs and the pass supports. */
const FEATURES = ['multivalue', 'simd', 'bulk-memory', 'reference-types', 'sign-ext', 'nontrapping-float-to-int'];

/** mulberry32: small, and the same everywhere. */
export function randomBytes(seed: number, length: number): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) & 0xff;
  });
}

/**
 * A module from `seed`. With `nans` false no NaN ever occurs in it, so that its memory can be compared with that of an
 * engine that does not make them canonical. Odd seeds are optimised, which makes their control flow less regular.
 */
export function randomModule(seed: number, folder: string, nans: boolean): Uint8Array {
  const input = path.join(folder, `seed-${seed}`);
  const output = path.join(folder, `fuzz-${seed}.wasm`);
  writeFileSync(input, randomBytes(seed, 1500 + (seed % 7) * 1500));
  const features = ['mutable-globals', 'tail-call', 'extended-const', ...FEATURES].map((name) => `--enable-${name}`);
  const passes = [...(nans ? [] : ['--denan']), ...(seed % 2 === 1 ? ['-O1'] : [])];
  execFileSync(process.execPath, [wasmOpt, '-ttf', input, '-mvp', ...features, ...passes, '-o', output], {
    stdio: 'pipe',
  });
  return new Uint8Array(readFileSync(output));
}
