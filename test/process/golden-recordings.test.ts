/**
 * Frozen recordings of every format version, replayed: what they printed, their exit code, digest and counter must stay what they
 * were, on both engines. UPDATE_GOLDEN=1 records them anew, after a deliberate change of format, rewriter or digest.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/cli-process.js';
import { command } from '../support/command.js';

const FOLDER = path.join(ROOT, 'test/golden/recordings');

/** Small modules, because a recording holds its module. */
const V1 = ['--snapshot-every', 'none'];
const GOLDEN: Readonly<Record<string, { args: readonly string[]; input?: string }>> = {
  'v1-random': { args: [...V1, '--env', 'NAME=value', 'guests/wasi/random.wasm', 'one', 'two'] },
  'v1-stdin': { args: [...V1, 'guests/wasi/stdin.wasm'], input: 'first\n\nlast' },
  'v1-simd': { args: [...V1, 'guests/kernels/c/dot_simd.wasm', '1'] },
  'v1-floats': { args: [...V1, '--fuel', '2000000', 'guests/kernels/c/nbody.wasm', '1'] },
  'v2-snapshots': { args: ['--snapshot-every', '1', 'guests/kernels/c/nbody.wasm', '60'] },
};

interface Expected {
  readonly code: number | string;
  readonly stdout: string;
  readonly stats: Readonly<Record<string, unknown>>;
}

async function replayOf(recording: string, ...flags: string[]): Promise<Expected> {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'ft-wasm-test-')), 'stats.json');
  const { code, stdout } = await command([
    'replay',
    ...flags,
    '--digest-every',
    '1000000000',
    '--stats',
    file,
    recording,
  ]);
  const { wallMs: _, ...stats } = JSON.parse(readFileSync(file, 'utf8'));
  return { code, stdout, stats };
}

it('v2-snapshots: a replay of its end begins at a snapshot in it', async () => {
  const recording = path.join(FOLDER, 'v2-snapshots.rec');
  const { stats } = JSON.parse(readFileSync(path.join(FOLDER, 'v2-snapshots.json'), 'utf8')) as Expected;
  const near = String((stats['instructions'] as number) - 1000);
  const { code, stderr } = await command(['replay', '--until', near, recording]);
  expect(stderr).toMatch(/begins at the recording's snapshot of counter \d+/);
  expect(code).toBe(0);
});

describe.each(Object.entries(GOLDEN))('%s', (name, { args, input }) => {
  const recording = path.join(FOLDER, `${name}.rec`);
  const expected = path.join(FOLDER, `${name}.json`);

  it('replays as ever', async () => {
    if (process.env['UPDATE_GOLDEN'] === '1') {
      await command(['record', '-o', recording, ...args], input);
      writeFileSync(expected, `${JSON.stringify(await replayOf(recording), null, 2)}\n`);
    }
    const golden = JSON.parse(readFileSync(expected, 'utf8')) as Expected;
    expect(await replayOf(recording)).toEqual(golden);
    expect(await replayOf(recording, '--engine', 'interpreter')).toEqual(golden);
  });
});
