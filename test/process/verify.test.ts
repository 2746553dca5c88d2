/** `ft-wasm verify` as a command: its text, its JSON, its exit codes. */
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { command } from '../support/command.js';
import { temporaryFolder } from '../support/modules.js';

async function recorded(...args: string[]): Promise<string> {
  const recording = path.join(temporaryFolder(), 'run.rec');
  expect(await command(['record', '-o', recording, ...args])).toMatchObject({ code: 0 });
  return recording;
}

describe('verify', () => {
  it('says that the engines agree, in text and as JSON', async () => {
    const recording = await recorded('guests/kernels/c/crc32.wasm', '1');
    const text = await command(['verify', recording, '--every', '100000']);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/: both engines agree, at \d+ points up to counter \d+ \(returned\)\n$/);
    const json = await command(['verify', recording, '--every', '100000', '--json']);
    const verdict = JSON.parse(json.stdout) as { kind: string; compared: number; counter: number };
    expect(verdict).toMatchObject({ kind: 'equal', end: 'returned' });
    expect(verdict.compared).toBeGreaterThan(verdict.counter / 110_000);
  });

  it('verifies a guest that reads files, the clock and random bytes', async () => {
    const recording = await recorded('--dir', 'guests/compress::/d', 'guests/wasi/random.wasm');
    expect(await command(['verify', recording, '--every', '1000'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('verifies a guest that works in a shared directory, which need not be there any more', async () => {
    const folder = temporaryFolder();
    const recording = await recorded('--dir', `${folder}::/data::shared`, 'guests/wasi/files.wasm', '/data');
    rmSync(folder, { recursive: true });
    expect(await command(['verify', recording, '--every', '1000'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('takes the rewritten module from the cache', async () => {
    const cache = temporaryFolder();
    const recording = await recorded('--cache', cache, 'guests/sqlite/sqlite.wasm', ':memory:', '1');
    const modules = () => readdirSync(cache).filter((name) => name.endsWith('.rewritten'));
    const [kept] = modules();
    expect(kept).toBeDefined();
    const used = () => statSync(path.join(cache, kept!)).mtimeMs;
    utimesSync(path.join(cache, kept!), 0, 0);
    expect(await command(['verify', recording, '--cache', cache])).toMatchObject({ code: 0, stderr: '' });
    expect(used()).toBeGreaterThan(0);
    expect(modules()).toEqual([kept]);
  });

  it('refuses what is no recording, and flags that make no sense', async () => {
    expect(await command(['verify', 'package.json'])).toMatchObject({ code: 78 });
    expect(await command(['verify', 'x.rec', '--every', '0'])).toMatchObject({ code: 70 });
  });
});
