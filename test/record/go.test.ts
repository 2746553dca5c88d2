/** guests/go, built here where Go is installed: its scheduler, maps and collector must replay like everything else. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ENGINES, ROOT } from '../support/guests.js';
import { temporaryFolder } from '../support/modules.js';
import { recordRun, replayRun } from '../support/record-run.js';

const BUILD_MS = 180_000;
const options = {
  config: {
    args: ['go', '/data/file'],
    preopens: [{ guest: '/data', mode: 'private', entries: [] }],
  },
} as const;

function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!hasGo())('a Go program (skipped where Go is not installed)', () => {
  let module: Uint8Array;

  beforeAll(() => {
    const output = path.join(temporaryFolder(), 'go.wasm');
    execFileSync('go', ['build', '-trimpath', '-o', output, '.'], {
      cwd: path.join(ROOT, 'guests/go'),
      env: { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod' },
    });
    module = readFileSync(output);
  }, BUILD_MS);

  it.for(ENGINES)('replays on the $name engine', async ({ make }) => {
    const prepared = await (await make()).prepare(module);
    const { batches, ...recorded } = recordRun(prepared, options);
    expect(recorded.stdout.split('\n')).toEqual([
      expect.stringMatching(/^hashes [0-9a-f]{16}$/),
      'workers 328350',
      expect.stringMatching(/^accounts \{"name":"account-013","balance":\d+(\.\d+)?\}$/),
      'file written by Go',
      'slept true',
      '',
    ]);
    expect(recorded.outcome.kind).toBe('exited');
    expect(replayRun(prepared, options, batches)).toEqual(recorded);
  });
});
