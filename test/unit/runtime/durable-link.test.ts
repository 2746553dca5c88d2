/** A durable directory under a running replica: what waits for it, what it does when the disk is slow, fails or recovers. */
import { expect, it } from 'vitest';
import { DurableStore, survey } from '../../../src/durable/index.js';
import { DurableLink, type DurablePolicy } from '../../../src/runtime/durable-link.js';
import { GuestPause } from '../../../src/runtime/guest-pause.js';
import type { GuestControl, Timers } from '../../../src/runtime/ports.js';
import { MemoryStorage } from '../durable/memory-storage.js';
import { ALPHA, append, crc32 } from '../durable/support.js';

const NEVER = { snapshotLogBytes: Number.MAX_SAFE_INTEGER, snapshotEveryMs: Number.MAX_SAFE_INTEGER };

/** A link over a disk in memory, and everything that it has asked for. */
async function open(policy: Partial<DurablePolicy> = {}, storage = new MemoryStorage()) {
  let nowMs = 0;
  const events: { name: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const guest = { paused: false, captures: [] as number[], cancelled: [] as number[], credit: 0 };
  const control = Object.assign(guest, {
    capture: (capture: number) => void guest.captures.push(capture),
    cancelCapture: (capture: number) => void guest.cancelled.push(capture),
    stateCredit: (_capture: number, bytes: number) => {
      guest.credit += bytes;
    },
  }) as unknown as GuestControl;
  const timers = { now: () => nowMs } as Timers;
  const link = await DurableLink.open(
    {
      policy: { outputAfter: 'fsync', ...NEVER, ...policy },
      ...{ guest: control, timers },
      onEvent: (name, _level, fields) => events.push({ name, fields }),
      size: () => ({ path: '/d', bytes: 7, segments: 1 }),
    },
    async (heard) =>
      new DurableStore(
        {
          ...{ storage, crc32, writer: ALPHA, outputAfter: 'fsync', service: 'toy', manifest: {} },
          random: (bytes) => new Uint8Array(bytes).fill(nowMs + 1),
        },
        await storage.list(),
        heard,
      ),
  );
  const owner = { synced: [] as number[], failures: [] as string[] };
  link.attach({
    pause: new GuestPause(control),
    onSynced: (event) => owner.synced.push(event),
    exportOutputs: () => new TextEncoder().encode('outputs'),
    onFailed: (reason) => owner.failures.push(reason),
  });
  const pass = (ms: number): void => {
    nowMs += ms;
    link.tick();
  };
  return { link, storage, guest, owner, events, pass, names: () => events.map(({ name }) => name) };
}

async function ticks(count = 400): Promise<void> {
  for (let tick = 0; tick < count; tick++) await Promise.resolve();
}

/** The guest's answer to a capture. */
async function answer(link: DurableLink, capture: number, event: number): Promise<void> {
  link.onState(capture, new Uint8Array(1000), false);
  await ticks();
  link.onCaptured(capture, event, event * 10);
  link.onState(capture, new Uint8Array(10), true);
}

it('outputs wait for the disk, if they are to', async () => {
  const { link, owner } = await open();
  link.startGuest();
  append(link.store, 1, 3);
  expect(link.releasable(3)).toBe(0);
  await ticks();
  expect(owner.synced).toEqual([3]);
  expect(link.releasable(2)).toBe(2);
  expect(link.releasable(9)).toBe(3);
  const lagging = await open({ outputAfter: 'ack' });
  lagging.link.startGuest();
  append(lagging.link.store, 1, 3);
  expect(lagging.link.releasable(3)).toBe(3);
});

it('the guest waits while too much waits for the disk', async () => {
  const { link, guest } = await open();
  link.startGuest();
  for (let event = 1; event <= 9; event++) link.append(event, event, event, new Uint8Array(2 << 20));
  expect(guest.paused).toBe(true);
  await ticks(2000);
  expect(guest.paused).toBe(false);
});

it('takes a snapshot when the log has grown, and after a while; one at a time', async () => {
  const { link, guest, names, pass, storage } = await open({ snapshotLogBytes: 100, snapshotEveryMs: 60_000 });
  link.startGuest();
  pass(10);
  expect(guest.captures).toEqual([]);
  link.append(1, 1, 10, new Uint8Array(100));
  pass(10);
  pass(10);
  expect(guest.captures).toEqual([-1]);
  await answer(link, -1, 1);
  await ticks();
  expect(guest.credit).toBe(1000);
  expect(names()).toEqual(['durable-snapshot']);
  expect((await survey(storage, crc32))!.snapshot).toMatchObject({ event: 1 });
  // The next one waits until the log outweighs this one, or for its time.
  link.append(2, 2, 20, new Uint8Array(200));
  pass(10);
  expect(guest.captures).toEqual([-1]);
  pass(60_000);
  expect(guest.captures).toEqual([-1, -2]);
});

it('gives way when the state goes to another replica, and tries again behind that', async () => {
  const { link, guest, pass } = await open({ snapshotLogBytes: 100 });
  link.startGuest();
  link.append(1, 1, 10, new Uint8Array(100));
  pass(10);
  link.transferBegins();
  expect(guest.cancelled).toEqual([-1]);
  pass(10_000);
  expect(guest.captures).toEqual([-1]);
  // Late pieces of the one that was cancelled are of no use to anybody.
  await answer(link, -1, 1);
  link.transferEnds();
  pass(10_000);
  expect(guest.captures).toEqual([-1, -2]);
});

it('a guest that cannot be captured is not asked again', async () => {
  const { link, guest, pass, events } = await open({ snapshotLogBytes: 100 });
  link.startGuest();
  link.append(1, 1, 10, new Uint8Array(100));
  pass(10);
  link.onCaptureFailed(-1, 'the guest has ended', true);
  pass(10_000);
  expect(guest.captures).toEqual([-1, -2]);
  link.onCaptureFailed(-2, 'the engine cannot capture', false);
  pass(100_000);
  expect(guest.captures).toEqual([-1, -2]);
  expect(events.map(({ fields }) => fields['reason'])).toEqual(['the guest has ended', 'the engine cannot capture']);
});

it('a disk that fails stops a replica whose outputs wait for it', async () => {
  const { link, owner, storage, names } = await open();
  link.startGuest();
  append(link.store, 1, 1);
  await ticks();
  storage.fullAt = 0;
  append(link.store, 2, 2);
  await ticks();
  expect(owner.failures).toEqual(['the log cannot be written: no space left']);
  expect(names()).toEqual(['durable-failed']);
  expect(link.releasable(2)).toBe(1);
});

it('otherwise it goes on, tries again less and less often, and begins again with a snapshot', async () => {
  const { link, owner, storage, names, guest, pass } = await open({ outputAfter: 'ack' });
  link.startGuest();
  append(link.store, 1, 1);
  await ticks();
  storage.fullAt = 0;
  append(link.store, 2, 2);
  await ticks();
  pass(500);
  await ticks();
  expect(names()).toEqual(['durable-failed']);
  pass(2_000);
  await ticks();
  expect(names()).toEqual(['durable-failed', 'durable-failed']);
  storage.fullAt = Number.POSITIVE_INFINITY;
  pass(10_000);
  const capture = guest.captures.at(-1)!;
  await answer(link, capture, 2);
  append(link.store, 3, 3);
  await ticks(2000);
  expect(names()).toEqual(['durable-failed', 'durable-failed', 'durable-snapshot', 'durable-again']);
  expect(owner.failures).toEqual([]);
  expect((await survey(storage, crc32))!).toMatchObject({ event: 3, snapshot: { event: 2 } });
});

it('what comes from a primary is kept: its state, and the log behind that', async () => {
  const { link, storage, names } = await open();
  link.restore(new Uint8Array(100));
  link.restoreOutputs(50, 500, new TextEncoder().encode('outputs'));
  append(link.store, 51, 52);
  await ticks();
  expect(await survey(storage, crc32)).toBeUndefined();
  link.restore(new Uint8Array(100));
  link.startGuest();
  await ticks(2000);
  expect((await survey(storage, crc32))!).toMatchObject({ event: 52, snapshot: { event: 50 } });
  expect(names()).toEqual(['durable-snapshot']);
});

it('a recovered log counts: what took long to replay once should not be replayed again', async () => {
  const { link, guest, pass, storage } = await open({ snapshotLogBytes: 100 });
  const before = await open();
  before.link.startGuest();
  append(before.link.store, 1, 4);
  await before.link.close();
  const found = (await survey(before.storage, crc32))!;
  for (const [name, bytes] of before.storage.files()) {
    const file = await storage.create(name);
    await file.write(bytes);
  }
  await link.store.goOn(found);
  link.recovered({ ...found, logBytes: 100 });
  pass(10);
  expect(guest.captures).toEqual([]);
  link.startGuest();
  pass(10);
  expect(guest.captures).toEqual([-1]);
});

it('keeps a state whose outputs come before its first piece', async () => {
  const { link, storage } = await open();
  link.restoreOutputs(4, 40, new TextEncoder().encode('outputs'));
  link.restore(new Uint8Array(500));
  link.startGuest();
  await ticks();
  expect((await survey(storage, crc32))!).toMatchObject({ event: 4, snapshot: { event: 4 } });
});

it('takes no snapshot while the state that it was given is on its way to the disk', async () => {
  const { link, guest, names, pass } = await open({ snapshotLogBytes: 10 });
  link.restore(new Uint8Array(1000));
  link.restoreOutputs(4, 40, new Uint8Array(0));
  link.startGuest();
  link.append(5, 5, 50, new Uint8Array(100));
  pass(10);
  expect(guest.captures).toEqual([]);
  await ticks();
  expect(names()).toEqual(['durable-snapshot']);
  link.append(6, 6, 60, new Uint8Array(100_000));
  pass(10_000);
  expect(guest.captures).toEqual([-1]);
});

it('gives no credit for what a capture that was cancelled still had under way', async () => {
  const { link, guest, pass } = await open({ snapshotLogBytes: 10 });
  link.startGuest();
  link.append(1, 1, 10, new Uint8Array(100));
  pass(10);
  for (let piece = 0; piece < 20; piece++) link.onState(-1, new Uint8Array(1000), false);
  await ticks(4);
  link.transferBegins();
  const before = guest.credit;
  link.transferEnds();
  pass(10_000);
  expect(guest.captures).toEqual([-1, -2]);
  await ticks();
  expect(guest.credit).toBe(before);
});
