/** guests/go, built here where Go is installed: its scheduler, maps and collector must replay like everything else. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildGo, GO_BUILD_MS, hasGo } from '../support/go.js';
import { ENGINES } from '../support/guests.js';
import { recordRun, replayRun } from '../support/record-run.js';

const options = {
  config: {
    args: ['go', '/data/file'],
    preopens: [{ guest: '/data', mode: 'private', entries: [] }],
  },
} as const;

describe.skipIf(!hasGo())('a Go program (skipped where Go is not installed)', () => {
  let module: Uint8Array;

  beforeAll(() => {
    module = readFileSync(buildGo('go'));
  }, GO_BUILD_MS);

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
