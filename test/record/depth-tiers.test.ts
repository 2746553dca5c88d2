/**
 * The stack limit is in units of declared frames, so it must not matter which of V8's compilers ran the guest: the default
 * limit is reached at one place in every tier, and never V8's own limit before it.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { loadGuest, ROOT } from '../support/guests.js';
import { moduleFile } from '../support/modules.js';

const TIERS = [[], ['--liftoff-only'], ['--no-liftoff'], ['--no-wasm-lazy-compilation']];

async function overflows(flags: readonly string[], module: string): Promise<string[]> {
  const child = path.join(ROOT, 'test/record/depth-child.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, child, module]);
  return stdout.trim().split('\n');
}

it('endless recursion ends at one place, whatever compiles it', async ({ skip }) => {
  if (!existsSync(path.join(ROOT, 'dist/engine/compiled/index.js'))) skip('not built: run `npm run build`');
  const module = moduleFile(await loadGuest('guests/limits/depth.wat'));
  const [first, ...others] = await Promise.all(TIERS.map((flags) => overflows(flags, module)));
  expect(first).toHaveLength(7);
  for (const line of first!) expect(JSON.parse(line)).toMatchObject({ kind: 'trapped', trap: 'stack-overflow' });
  for (const [index, other] of others.entries()) expect(other, TIERS[index + 1]!.join(' ')).toEqual(first);
});
