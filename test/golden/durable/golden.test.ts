/**
 * Frozen durable directories of every format version. Set UPDATE_GOLDEN=1 to write the current version's after a deliberate
 * change of the format (and raise its version).
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DURABLE_VERSION, survey } from '../../../src/durable/index.js';
import { MemoryStorage } from '../../unit/durable/memory-storage.js';
import { ALPHA, append, crc32, openStore, restored, snapshotOf } from '../../unit/durable/support.js';

const folderOf = (version: number) => fileURLToPath(new URL(`./v${version}`, import.meta.url));

/** A snapshot, and a log of every kind of frame behind it. */
async function sample(): Promise<Map<string, Uint8Array>> {
  const storage = new MemoryStorage();
  const { store, heard } = await openStore(storage, { seed: 5 });
  store.beginAnew(0);
  store.epoch(3);
  append(store, 1, 4);
  for (const _ of snapshotOf(store, 4));
  for (let tick = 0; tick < 1000 && heard.snapshots.length === 0; tick++) await Promise.resolve();
  append(store, 5, 5);
  store.left(4);
  store.progress(new TextEncoder().encode('progress'));
  store.epoch(4);
  store.doubt(true);
  append(store, 6, 9);
  await store.close();
  return storage.files();
}

function frozen(version: number): Map<string, Uint8Array> {
  const folder = folderOf(version);
  return new Map(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(path.join(folder, name)))]));
}

describe('golden directories', () => {
  it('are what the current version writes', async () => {
    const files = await sample();
    if (process.env['UPDATE_GOLDEN'] === '1') {
      const folder = folderOf(DURABLE_VERSION);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      for (const [name, bytes] of files) writeFileSync(path.join(folder, name), bytes);
    }
    const expected = frozen(DURABLE_VERSION);
    expect([...files.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, bytes] of files) expect(Buffer.compare(bytes, expected.get(name)!), name).toBe(0);
  });

  it.each([1])('of version %i can be recovered from', async (version) => {
    const storage = new MemoryStorage(frozen(version));
    const recovered = (await survey(storage, crc32))!;
    expect(recovered).toMatchObject({
      event: 9,
      counter: 90,
      leftEvent: 4,
      epoch: 4,
      doubt: true,
      snapshot: { event: 4 },
    });
    expect(recovered.header).toMatchObject({ service: 'toy', writers: [ALPHA], outputAfter: 'fsync' });
    expect(await restored(storage, recovered)).toEqual({ state: 4, event: 9, progress: ['progress'] });
  });
});
