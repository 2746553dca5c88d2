import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { guestFlags } from '../../../src/runtime/node/v8-flags.js';

const V8_MAJOR = Number.parseInt(process.versions.v8, 10);
const flags = guestFlags(V8_MAJOR);

it('V8 knows the flags that are set for its version', () => {
  const script = `for (const flag of ${JSON.stringify(flags)}) require('node:v8').setFlagsFromString(flag);`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

it('raises limits of V8 as far as rewriting makes code longer, and not beyond', () => {
  const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  for (const flag of flags) {
    const [name, value] = flag.split('=') as [string, string | undefined];
    if (value === undefined) continue;
    const own = new RegExp(`default: ${name}=(\\d+)$`, 'm').exec(stdout)?.[1];
    expect({ flag, factor: Number(value) / Number(own) }).toSatisfy(
      ({ factor }: { factor: number }) => factor >= 1.7 && factor <= 2,
    );
  }
});

it('sets what each version of V8 needs, and nothing that it does by itself or might not know', () => {
  const names = (major: number) => guestFlags(major).map((flag) => flag.split('=')[0]);
  const inlining = ['--wasm-inlining-min-budget', '--wasm-inlining-max-size', '--wasm-inlining-budget'];
  const hints = '--experimental-wasm-branch-hinting';
  expect(names(11)).toEqual([hints, '--no-turbo-use-mid-tier-regalloc-for-huge-functions']);
  expect(names(12)).toEqual([hints]);
  expect(names(13)).toEqual([hints, ...inlining]);
  expect(names(14)).toEqual(inlining);
  expect(names(15)).toEqual([]);
});
