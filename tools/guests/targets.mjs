/**
 * Every guest that is built from C: where its sources are, its flags and where the committed `.wasm` goes. Kernels need no
 * row of their own: each `guests/kernels/c/<name>.c` is one.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Debug sections go, the name section stays: divergence and trap reports name functions by it. */
const COMMON = ['--target=wasm32-wasip1', '-O2', '-Wall', '-Wextra', '-Werror', '-Wl,--strip-debug'];
/** Kernels bring their own `_start`, so that nothing of a C start-up is counted with them. */
const KERNEL = [...COMMON, '-nostartfiles'];

/**
 * @typedef {object} Target
 * @property {string} name unique, as on the command line of tools/guests/build.mjs
 * @property {string} directory the only folder whose files the compiler sees
 * @property {string[]} sources relative to `directory`
 * @property {string} output path of the `.wasm`, relative to the repository
 * @property {string[]} flags
 */

function kernelTargets() {
  return readdirSync(new URL('guests/kernels/c/', `file://${ROOT}`))
    .filter((file) => file.endsWith('.c'))
    .sort()
    .map((file) => {
      const name = file.slice(0, -2);
      const simd = name.endsWith('_simd') ? ['-msimd128'] : [];
      return {
        name,
        directory: 'guests/kernels/c',
        sources: [file],
        output: `guests/kernels/c/${name}.wasm`,
        flags: [...KERNEL, ...simd],
      };
    });
}

/** @returns {Target[]} */
export function targets() {
  return [...kernelTargets()];
}
