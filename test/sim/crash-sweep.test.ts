/** The key-value guest under a primary that dies after every log entry: its clients must not be able to tell. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { simulateCrashes } from '../../src/runtime/node/simulate.js';

const KV = new URL('../../guests/kv/build/kv.wasm', import.meta.url).pathname;
const SCRIPT = readFileSync(new URL('kv-session.txt', import.meta.url), 'utf8');

test('a key-value session looks the same wherever the primary dies', async () => {
  const report = await simulateCrashes({ module: KV, script: SCRIPT, crashAt: { kind: 'every-entry' } });
  console.log(
    `crash sweep: ${report.runs} runs over ${report.entries} entries, equal: ${JSON.stringify(report.equal)}`,
  );
  expect(report.differences).toEqual([]);
  expect(report.entries).toBeGreaterThan(60);
  expect(report.runs).toBe(3 * report.entries);
});
