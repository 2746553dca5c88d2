/** A pair keeps its arbiter's record in a temporary directory: nothing of it may be left, and nothing of it may show. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeTemporary } from '../../src/runtime/node/temporary.js';
import { CliProcess } from '../support/cli-process.js';
import { exitsWith, moduleFile } from '../support/modules.js';

const RUNS = 5;

it('is gone when the pair ends, however its two processes end one after the other', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'ft-wasm-test-'));
  for (let run = 0; run < RUNS; run++) {
    const pair = CliProcess.start(['serve', '--role', 'pair', moduleFile(exitsWith(42))], { env: { TMPDIR: parent } });
    expect((await pair.exit()).code).toBe(42);
    expect(readdirSync(parent)).toEqual([]);
  }
  rmSync(parent, { recursive: true });
});

it('changes nothing about the end when it cannot be removed', async () => {
  const asked: string[] = [];
  await removeTemporary('/some/where', async (path) => {
    asked.push(String(path));
    throw Object.assign(new Error('directory not empty'), { code: 'ENOTEMPTY' });
  });
  expect(asked).toEqual(['/some/where']);
});
