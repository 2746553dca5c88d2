import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { guestFlags } from '../../../src/runtime/node/v8-flags.js';

it('V8 knows the flags that are set for its version', () => {
  const flags = guestFlags(Number.parseInt(process.versions.v8, 10));
  const script = `for (const flag of ${JSON.stringify(flags)}) require('node:v8').setFlagsFromString(flag);`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

it('sets nothing where V8 does by itself what is wanted', () => {
  expect(guestFlags(14)).toEqual([]);
  expect(guestFlags(13)).not.toContain('--no-turbo-use-mid-tier-regalloc-for-huge-functions');
});
