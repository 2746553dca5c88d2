/**
 * The committed C guests are what their sources give. It needs the C toolchain (`node tools/guests/clang.mjs`, 105 MB);
 * SQLite and Lua, which take minutes and fetched sources, are checked by `node tools/guests/build.mjs --check`.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildTarget, committed } from '../../tools/guests/build.mjs';
import { hasClang, loadClang } from '../../tools/guests/clang.mjs';
import { targets } from '../../tools/guests/targets.mjs';
import { ROOT } from '../support/guests.js';

const local = targets().filter((target) => target.fetched === undefined);

/** Compiles in chunks: each is a test of its own, so that no single one runs for minutes. */
const CHUNK = 8;
const chunks = Array.from({ length: Math.ceil(local.length / CHUNK) }, (_, i) =>
  local.slice(i * CHUNK, (i + 1) * CHUNK),
);

describe('C guests', () => {
  it.for(chunks)('rebuild to the committed bytes: $0.name and the following', async (chunk, { skip }) => {
    if (!hasClang()) skip('the C toolchain is not installed: run `node tools/guests/clang.mjs`');
    const compile = await loadClang();
    for (const target of chunk) {
      const same = committed(target)?.equals(await buildTarget(compile, target)) ?? false;
      expect(same, `${target.output} is stale: run \`node tools/guests/build.mjs ${target.name}\``).toBe(true);
    }
  });

  it('are all committed, and nothing else is', () => {
    const outputs = targets().map((target) => target.output);
    for (const output of outputs) expect(existsSync(path.join(ROOT, output)), output).toBe(true);
    const found = readdirSync(path.join(ROOT, 'guests'), { recursive: true, encoding: 'utf8' })
      .map((file) => `guests/${file.split(path.sep).join('/')}`)
      .filter((file) => file.endsWith('.wasm') && !file.includes('/build/') && !file.includes('/node_modules/'));
    expect(found.sort()).toEqual(outputs.sort());
  });
});
