/** A crash after every single operation of the store, and many things that may be on the disk then. */
import { expect, it } from 'vitest';
import type { DurableStore } from '../../../src/durable/index.js';
import { Random } from '../../sim/random.js';
import { MemoryStorage } from './memory-storage.js';
import { ALPHA, append, crc32, openStore, restored, snapshotOf, survey, type TestStore } from './support.js';

const BETA = { id: 'beta', incarnation: '2' };
const DISKS_PER_CRASH = 4;

/** A seeded history: batches, marks and snapshots, with the disk somewhere behind. */
async function run({ store }: TestStore, random: Random, from: number, steps: number, lag: number): Promise<number> {
  let last = from;
  let snapshot: Iterator<boolean, void> | undefined;
  for (let step = 0; step < steps; step++) {
    const count = random.whole(1, 3);
    append(store, last + 1, last + count);
    last += count;
    if (random.chance(0.4)) store.left(last - random.whole(0, 3));
    if (random.chance(0.3)) store.progress(new TextEncoder().encode(`progress at ${last}`));
    if (random.chance(0.2)) store.epoch(step + 1);
    // A replaying guest is captured behind the log that has been received.
    if (snapshot === undefined && random.chance(0.4)) snapshot = snapshotOf(store, Math.max(from, last - lag));
    else if (snapshot?.next().done === true) snapshot = undefined;
    for (let tick = random.whole(0, 40); tick > 0; tick--) await Promise.resolve();
  }
  return last;
}

async function settle(store: DurableStore, storage: MemoryStorage): Promise<void> {
  await Promise.race([store.close(), storage.crashed]);
}

async function countOperations(make: (storage: MemoryStorage) => Promise<unknown>): Promise<number> {
  const storage = new MemoryStorage();
  await make(storage);
  return storage.operations;
}

/** Everything that was synced is there, nothing that was never appended, and whatever is there has no gap. */
async function expectWhole(files: Map<string, Uint8Array>, synced: number, appended: number, what: string) {
  const storage = new MemoryStorage(files);
  const recovered = await survey(storage, crc32).catch((error: Error) => {
    throw new Error(`${what}: ${error.message}`);
  });
  if (recovered === undefined) {
    expect(synced, what).toBe(0);
    return undefined;
  }
  expect(recovered.event, what).toBeGreaterThanOrEqual(synced);
  expect(recovered.event, what).toBeLessThanOrEqual(appended);
  expect(recovered.leftEvent, what).toBeLessThanOrEqual(appended);
  const { event, state } = await restored(storage, recovered);
  expect(event, what).toBe(recovered.event);
  expect(state, what).toBe(recovered.snapshot?.event ?? 0);
  return { storage, recovered };
}

const SCENARIOS = [
  { name: 'a primary', lag: 0 },
  { name: 'a backup, whose guest is a little behind', lag: 2 },
  { name: 'a backup, whose guest is behind', lag: 6 },
];

it.each(SCENARIOS)('$name may crash at any time', async ({ lag }) => {
  for (let seed = 1; seed <= 6; seed++) {
    let appended = 0;
    const history = async (storage: MemoryStorage, crashAt?: number) => {
      if (crashAt !== undefined) storage.crashAt = crashAt;
      const opened = await openStore(storage, { seed });
      opened.store.beginAnew(0);
      appended = await run(opened, new Random(seed), 0, 14, lag);
      await settle(opened.store, storage);
      return opened;
    };
    const operations = await countOperations(history);
    for (let crashAt = 1; crashAt <= operations + 1; crashAt++) {
      const storage = new MemoryStorage();
      const { heard } = await history(storage, crashAt);
      for (let disk = 0; disk < DISKS_PER_CRASH; disk++) {
        const files = storage.afterCrash(new Random(crashAt * 1000 + disk));
        await expectWhole(files, heard.synced, appended, `seed ${seed}, crash at ${crashAt}, disk ${disk}`);
      }
    }
  }
});

/** What the first life of a service has left: its process was killed, or its machine lost power. */
async function firstLife(seed: number): Promise<{ left: () => MemoryStorage; synced: number }> {
  const storage = new MemoryStorage();
  const opened = await openStore(storage, { seed });
  opened.store.beginAnew(0);
  const last = await run(opened, new Random(seed), 0, 10, 0);
  // In the middle of a group.
  append(opened.store, last + 1, last + 1);
  for (let tick = (seed >> 1) % 8; tick > 0; tick--) await Promise.resolve();
  const files = storage.afterCrash(new Random(seed));
  const killed = storage.afterKill();
  const left = () => (seed % 2 === 0 ? new MemoryStorage(files) : killed.afterKill());
  return { left, synced: opened.heard.synced };
}

it('a recovery may crash at any time, and be recovered from', async () => {
  for (let seed = 1; seed <= 32; seed++) {
    const { left, synced } = await firstLife(seed);
    if ((await survey(left(), crc32)) === undefined) continue;
    let appended = 0;
    const recovery = async (storage: MemoryStorage, crashAt = Number.POSITIVE_INFINITY) => {
      storage.crashAt = crashAt;
      const recovered = (await survey(storage, crc32))!;
      const again = await openStore(storage, { writer: BETA, seed: seed + 100 });
      appended = recovered.event;
      const life = async (): Promise<void> => {
        await again.store.goOn(recovered);
        appended = await run(again, new Random(seed + 200), recovered.event, 8, 0);
        await again.store.close();
      };
      await Promise.race([life(), storage.crashed]);
      return again.heard;
    };
    const clean = left();
    await recovery(clean);
    const operations = clean.operations;
    for (let crashAt = 1; crashAt <= operations + 1; crashAt++) {
      const storage = left();
      const heard = await recovery(storage, crashAt);
      for (let disk = 0; disk < DISKS_PER_CRASH; disk++) {
        const files = storage.afterCrash(new Random(crashAt * 1000 + disk));
        const what = `seed ${seed}, second crash at ${crashAt}, disk ${disk}`;
        const whole = await expectWhole(files, Math.max(synced, heard.synced), Math.max(appended, synced + 30), what);
        expect(whole?.recovered.header.writers[0], what).toEqual(ALPHA);
      }
    }
  }
});

it('a state that comes from elsewhere replaces what was there only once it is complete', async () => {
  const old = new MemoryStorage();
  const { store } = await openStore(old);
  store.beginAnew(0);
  append(store, 1, 5);
  await store.close();
  const arrival = async (storage: MemoryStorage, crashAt = Number.POSITIVE_INFINITY) => {
    storage.crashAt = crashAt;
    const again = await openStore(storage, { writer: BETA, seed: 9 });
    let last = 100;
    for (const _ of snapshotOf(again.store, 100, true)) {
      if (again.store.appendedEvent > 0) append(again.store, last + 1, ++last);
      for (let tick = 0; tick < 20; tick++) await Promise.resolve();
    }
    append(again.store, last + 1, ++last);
    await Promise.race([again.store.close(), storage.crashed]);
    return again.heard;
  };
  const clean = new MemoryStorage(old.files());
  await arrival(clean);
  for (let crashAt = 1; crashAt <= clean.operations + 1; crashAt++) {
    const storage = new MemoryStorage(old.files());
    const heard = await arrival(storage, crashAt);
    for (let disk = 0; disk < DISKS_PER_CRASH; disk++) {
      const what = `crash at ${crashAt}, disk ${disk}`;
      const whole = await expectWhole(storage.afterCrash(new Random(crashAt * 1000 + disk)), heard.synced, 200, what);
      // Either the old service, whole, or the new one.
      const { event, header } = whole!.recovered;
      expect(event === 5 ? 'alpha' : 'beta', what).toBe(header.writers.at(-1)!.id);
      if (heard.synced > 0) expect(event, what).toBeGreaterThanOrEqual(100);
    }
  }
});

it('what a service had before its first event stays until it was recovered', async () => {
  const storage = new MemoryStorage();
  const first = await openStore(storage);
  for (const _ of snapshotOf(first.store, 0, true)) await Promise.resolve();
  while (first.heard.snapshots.length === 0) await Promise.resolve();
  await first.store.close();
  const recovered = (await survey(storage, crc32))!;
  expect(recovered.snapshot).toMatchObject({ event: 0 });
  const again = await openStore(storage, { writer: BETA });
  await again.store.goOn(recovered);
  append(again.store, 1, 2);
  await again.store.close();
  expect(await restored(storage, recovered)).toMatchObject({ state: 0 });
});

it('a guest that still replays what was recovered gives no snapshot: the logs behind that would be lost', async () => {
  const storage = new MemoryStorage();
  const first = await openStore(storage);
  first.store.beginAnew(0);
  append(first.store, 1, 8);
  await first.store.close();
  const recovered = (await survey(storage, crc32))!;
  const again = await openStore(storage, { writer: BETA });
  await again.store.goOn(recovered);
  append(again.store, 9, 9);
  again.store.beginSnapshot(false);
  expect(again.store.captured(5, 50, new Uint8Array(0))).toBe(false);
  again.store.cancelSnapshot();
  again.store.beginSnapshot(false);
  expect(again.store.captured(8, 80, new Uint8Array(0))).toBe(true);
  await again.store.close();
  expect((await survey(storage, crc32))!.event).toBe(9);
});
