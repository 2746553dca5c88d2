/**
 * Frozen snapshots of every format version. Set UPDATE_GOLDEN=1 to write the current version's file after a deliberate
 * change of the format (and raise its version).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SNAPSHOT_VERSION } from '../../../src/snapshot/index.js';
import { comparable, decoded, encoded, SAMPLE } from '../../unit/snapshot/support.js';

const goldenPath = (version: number) => fileURLToPath(new URL(`./snapshot-v${version}.bin.gz`, import.meta.url));

describe('golden snapshots', () => {
  it('are what the current version writes', () => {
    const current = encoded(SAMPLE);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(goldenPath(SNAPSHOT_VERSION), gzipSync(current));
    expect(Buffer.compare(current, gunzipSync(readFileSync(goldenPath(SNAPSHOT_VERSION))))).toBe(0);
  });

  it.each([3])('of version %i are readable', (version) => {
    const bytes = new Uint8Array(gunzipSync(readFileSync(goldenPath(version))));
    expect(comparable(decoded(bytes))).toEqual(comparable(SAMPLE));
  });
});
