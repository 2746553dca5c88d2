/** `ft-wasm verify` as a command: its text, its JSON, its exit codes. */
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

  it('refuses what is no recording, and flags that make no sense', async () => {
    expect(await command(['verify', 'package.json'])).toMatchObject({ code: 78 });
    expect(await command(['verify', 'x.rec', '--every', '0'])).toMatchObject({ code: 70 });
  });
});
