/**
 * V8 gives functions with very many virtual registers to a simpler register allocator, which makes the interpreter's loop up
 * to a third slower. So the loop as V8 compiles it stands between two builds of the same loop, one by each allocator, all
 * three by turns in one run, and must be nearer to the better one. `tools/interp/cliff.mjs` asks V8 which it used.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../support/cli-process.js';

const CHILD = path.join(ROOT, 'bench/lib/interp-child.mjs');
/** Those that feel it most: 1.31 to 1.36 times the time, with the worse allocator. */
const KERNELS = ['crc32', 'dot_simd', 'matmul_simd'];
const COMPILE = ['--no-liftoff', '--no-wasm-lazy-compilation'];
const BETTER = '--no-turbo-use-mid-tier-regalloc-for-huge-functions';
const WORSE = '--turbo-force-mid-tier-regalloc';
const ROUNDS = 4;

type Times = Map<string, number>;

const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
const hasBoth = options.includes(WORSE);

it.skipIf(!hasBoth)('the loop is compiled by the better register allocator (skipped where V8 has but one)', () => {
  const [normal, better, worse]: Times[] = [new Map(), new Map(), new Map()];
  for (let round = 0; round < ROUNDS; round++) {
    time([], normal!);
    time([BETTER], better!);
    time([WORSE], worse!);
  }
  const [ratio, cliff] = [ratioOf(normal!, better!), ratioOf(worse!, better!)];
  console.log(
    `the loop takes ${ratio.toFixed(3)} times as long as with the better allocator, ${cliff.toFixed(3)} with the worse`,
  );
  expect(ratio).toBeLessThan(Math.sqrt(cliff));
});

/** Keeps the least processor time of each kernel. */
function time(flags: readonly string[], least: Times): void {
  const args = [...COMPILE, ...flags, CHILD, 'loop', '0.04', ...KERNELS];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  for (const line of stdout.trim().split('\n')) {
    const { name, ms } = JSON.parse(line) as { name: string; ms: number };
    least.set(name, Math.min(ms, least.get(name) ?? Number.POSITIVE_INFINITY));
  }
}

/** Geometric mean over the kernels. */
function ratioOf(a: Times, b: Times): number {
  const logs = KERNELS.map((name) => Math.log(a.get(name)! / b.get(name)!));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}
