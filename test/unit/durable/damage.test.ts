/** What a crash leaves behind is cut; what went bad later is refused, with its place. */
import { expect, it } from 'vitest';
import { differencesOf, removePartials } from '../../../src/durable/index.js';
import { MemoryStorage } from './memory-storage.js';
import { append, crc32, openStore, restored, snapshotOf, survey } from './support.js';

/** Twelve events, each on the disk before the next; a snapshot of the sixth if that is wanted. */
async function history(withSnapshot: boolean): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  const { store, heard } = await openStore(storage);
  store.beginAnew(0);
  for (let event = 1; event <= 12; event++) {
    append(store, event, event);
    await ticksUntil(() => heard.synced === event);
    if (event !== 6 || !withSnapshot) continue;
    for (const _ of snapshotOf(store, 6));
    await ticksUntil(() => heard.snapshots.includes(6));
  }
  await store.close();
  return storage;
}

async function ticksUntil(done: () => boolean): Promise<void> {
  for (let tick = 0; tick < 10_000 && !done(); tick++) await Promise.resolve();
  expect(done()).toBe(true);
}

function changed(files: Map<string, Uint8Array>, name: string, change: (bytes: Uint8Array) => Uint8Array) {
  const copy = new Map(files);
  copy.set(name, change(files.get(name)!.slice()));
  return new MemoryStorage(copy);
}

it('every byte of a log that a later group vouches for matters', async () => {
  const files = (await history(false)).files();
  const [name] = [...files.keys()];
  const { length } = files.get(name!)!;
  const outcomes = { refused: 0, cut: 0 };
  for (let at = 0; at < length; at++) {
    const storage = changed(files, name!, (bytes) => {
      bytes[at] = bytes[at]! ^ 0x40;
      return bytes;
    });
    const result = await survey(storage, crc32).catch((error: Error) => error);
    if (result instanceof Error) {
      expect(result).toMatchObject({ code: 'FTW_DURABLE' });
      outcomes.refused++;
      continue;
    }
    // Only the end of the last group is vouched for by nobody.
    outcomes.cut++;
    expect(result?.event).toBe(11);
    expect(result?.tail).toBeDefined();
  }
  // A group's frame, a batch's head, forty times the six bytes of event 12.
  expect(outcomes.cut).toBe(33 + 33 + 40 * 6);
  expect(outcomes.refused).toBeGreaterThan(500);
});

it('every byte of a snapshot matters', async () => {
  const files = (await history(true)).files();
  const name = [...files.keys()].find((file) => file.startsWith('snapshot'))!;
  for (let at = 0; at < files.get(name)!.length; at++) {
    const storage = changed(files, name, (bytes) => {
      bytes[at] = bytes[at]! ^ 0x01;
      return bytes;
    });
    await expect(survey(storage, crc32), `byte ${at}`).rejects.toMatchObject({ code: 'FTW_DURABLE' });
  }
});

it('a log that ends anywhere is good up to there', async () => {
  const files = (await history(false)).files();
  const [name] = [...files.keys()];
  const { length } = files.get(name!)!;
  let last = 12;
  for (let bytes = length - 1; bytes >= 300; bytes--) {
    const recovered = await survey(
      changed(files, name!, (whole) => whole.slice(0, bytes)),
      crc32,
    );
    expect(recovered!.event).toBeLessThanOrEqual(last);
    expect(recovered!.event).toBeGreaterThanOrEqual(last - 1);
    last = recovered!.event;
  }
  expect(last).toBeLessThan(4);
});

it('a snapshot that is cut off is refused, and so is a missing log', async () => {
  const files = (await history(true)).files();
  const names = [...files.keys()].sort();
  const snapshot = names.find((name) => name.startsWith('snapshot'))!;
  const cut = changed(files, snapshot, (bytes) => bytes.slice(0, -20));
  await expect(survey(cut, crc32)).rejects.toThrow(/is damaged at byte/);
  const again = await openStore(new MemoryStorage(files), { writer: { id: 'b', incarnation: '2' }, seed: 7 });
  const storage = new MemoryStorage(files);
  expect(again.heard.failures).toEqual([]);
  const { store, heard } = await openStore(storage, { writer: { id: 'b', incarnation: '2' }, seed: 7 });
  await store.goOn((await survey(storage, crc32))!);
  append(store, 13, 14);
  await ticksUntil(() => heard.synced === 14);
  const all = storage.files();
  const middle = [...all.keys()].filter((name) => name.startsWith('log')).sort()[0]!;
  all.delete(middle);
  await expect(survey(new MemoryStorage(all), crc32)).rejects.toThrow(/goes on with event 13 where event 7 is due/);
});

it('files of a newer version are refused by name', async () => {
  const files = (await history(false)).files();
  const [name] = [...files.keys()];
  const newer = changed(files, name!, (bytes) => bytes.fill(9, 8, 9));
  await expect(survey(newer, crc32)).rejects.toThrow(/has format version 9; .* written by a newer ft-wasm/);
});

it('old logs and snapshots go when a new snapshot is complete, and not before', async () => {
  const storage = new MemoryStorage();
  const { store, heard } = await openStore(storage);
  store.beginAnew(0);
  for (let event = 1; event <= 40; event++) {
    append(store, event, event);
    if (event % 10 !== 0) continue;
    for (const _ of snapshotOf(store, event));
    await ticksUntil(() => heard.snapshots.at(-1) === event);
  }
  await store.close();
  expect([...storage.files().keys()].map((name) => name.replace(/\d+/, 'N')).sort()).toEqual(['log-N', 'snapshot-N']);
  const recovered = (await survey(storage, crc32))!;
  expect(await restored(storage, recovered)).toMatchObject({ state: 40, event: 40 });
});

it('what was never finished is removed', async () => {
  const storage = new MemoryStorage();
  const { store } = await openStore(storage);
  store.beginAnew(0);
  append(store, 1, 1);
  const snapshot = snapshotOf(store, 1);
  snapshot.next();
  snapshot.next();
  for (let tick = 0; tick < 200; tick++) await Promise.resolve();
  expect([...storage.files().keys()].some((name) => name.endsWith('.partial'))).toBe(true);
  await removePartials(storage);
  expect([...storage.files().keys()]).toEqual(['log-00000001']);
});

it('a full disk is reported once, and what was synced stays', async () => {
  for (let fullAt = 1; fullAt < 60; fullAt += 3) {
    const storage = new MemoryStorage();
    storage.fullAt = fullAt;
    const { store, heard } = await openStore(storage);
    store.beginAnew(0);
    for (let event = 1; event <= 12; event++) {
      append(store, event, event);
      for (let tick = 0; tick < 30; tick++) await Promise.resolve();
    }
    await store.close();
    expect(heard.failures.length).toBe(store.isBroken ? 1 : 0);
    if (store.isBroken) expect(heard.failures[0]).toMatch(/cannot be written: no space left/);
    expect((await survey(storage, crc32))?.event ?? 0).toBeGreaterThanOrEqual(heard.synced);
  }
});

it('a disk that has room again begins with a snapshot', async () => {
  const storage = new MemoryStorage();
  const { store, heard } = await openStore(storage, { outputAfter: 'ack' });
  store.beginAnew(0);
  append(store, 1, 3);
  await ticksUntil(() => heard.synced === 3);
  storage.fullAt = 0;
  append(store, 4, 5);
  await ticksUntil(() => heard.failures.length === 1);
  append(store, 6, 7);
  storage.fullAt = Number.POSITIVE_INFINITY;
  store.beginAnew(store.appendedEvent);
  append(store, 8, 9);
  // A replaying guest may be captured before the gap.
  const tooEarly = [...snapshotOf(store, 6)];
  expect(tooEarly).toContain(false);
  store.cancelSnapshot();
  expect((await survey(storage, crc32))?.event).toBe(3);
  for (const _ of snapshotOf(store, 8));
  append(store, 10, 10);
  await ticksUntil(() => heard.synced === 10);
  await store.close();
  const recovered = (await survey(storage, crc32))!;
  expect(await restored(storage, recovered)).toMatchObject({ state: 8, event: 10 });
});

it('a snapshot that does not fit leaves the log as it is', async () => {
  const storage = new MemoryStorage();
  const { store, heard } = await openStore(storage);
  store.beginAnew(0);
  append(store, 1, 3);
  await ticksUntil(() => heard.synced === 3);
  const snapshot = snapshotOf(store, 3);
  snapshot.next();
  storage.fullAt = 0;
  for (let tick = 0; tick < 100; tick++) await Promise.resolve();
  storage.fullAt = Number.POSITIVE_INFINITY;
  expect(heard.snapshotFailures).toHaveLength(1);
  append(store, 4, 4);
  await ticksUntil(() => heard.synced === 4);
  expect(heard.failures).toEqual([]);
  await store.close();
});

it('a directory that is away has failed, though its open log could still be written', async () => {
  const storage = new MemoryStorage();
  const { store, heard } = await openStore(storage);
  store.beginAnew(0);
  append(store, 1, 3);
  await ticksUntil(() => heard.synced === 3);
  storage.isAway = true;
  snapshotOf(store, 3).next();
  await ticksUntil(() => heard.failures.length === 1);
  expect(heard.failures[0]).toMatch(/snapshot-00000002 cannot be written: ENOENT/);
  expect(heard.snapshotFailures).toEqual([]);
  append(store, 4, 4);
  await store.close();
  expect(heard.synced).toBe(3);
});

it('says what is different', async () => {
  const storage = await history(false);
  const { header } = (await survey(storage, crc32))!;
  expect(differencesOf(header, { service: 'toy', manifest: { module: 'abc' } })).toEqual([]);
  expect(differencesOf(header, { service: 'kv', manifest: { module: 'abd', fuel: '7' } })).toEqual([
    'service: toy in the directory, kv here',
    'module: abc in the directory, abd here',
    'fuel: nothing in the directory, 7 here',
  ]);
});

it('what clients may have seen beyond the log is in doubt until their connections were given up', async () => {
  const storage = new MemoryStorage();
  const first = await openStore(storage, { outputAfter: 'ack' });
  first.store.beginAnew(0);
  append(first.store, 1, 1);
  await first.store.close();
  const writer = { id: 'b', incarnation: '2' };
  const second = await openStore(storage, { writer, seed: 2 });
  await second.store.goOn((await survey(storage, crc32))!);
  const doubts = [(await survey(storage, crc32))!.doubt];
  second.store.doubt(false);
  append(second.store, 2, 2);
  await second.store.close();
  doubts.push((await survey(storage, crc32))!.doubt);
  const third = await openStore(storage, { writer, seed: 3 });
  await third.store.goOn((await survey(storage, crc32))!);
  doubts.push((await survey(storage, crc32))!.doubt);
  third.store.doubt(true);
  await third.store.close();
  doubts.push((await survey(storage, crc32))!.doubt);
  expect(doubts).toEqual([true, false, false, true]);
});
