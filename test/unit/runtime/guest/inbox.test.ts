import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/host/memory.js';
import { ControlBlock } from '../../../../src/runtime/control.js';
import { Inbox } from '../../../../src/runtime/guest/inbox.js';
import { Outbox } from '../../../../src/runtime/guest/outbox.js';
import { StreamTable } from '../../../../src/runtime/guest/streams.js';
import { createRing, RingWriter } from '../../../../src/runtime/ring.js';
import { HeadWriter, ToGuest } from '../../../../src/runtime/ring-messages.js';
import { PumpedReader } from '../../../../src/runtime/simulate/pumped-ring.js';

/** An inbox with two open streams, 1 and 2, whose guest's sleeps are counted and end when their deadline is there. */
function inboxWithStreams() {
  const [toGuest, fromGuest] = [createRing(4096), createRing(4096)];
  const clock = new ManualClock();
  const control = new ControlBlock();
  const streams = new StreamTable(1);
  const outbox = new Outbox(new RingWriter(fromGuest), control, streams, clock, { logging: false, live: true });
  const world = { sleeps: 0, onSleep: () => {} };
  const ring = new PumpedReader(toGuest, (ms) => {
    world.sleeps++;
    world.onSleep();
    clock.monotonic += BigInt(Math.ceil(ms * 1e6));
  });
  const inbox = new Inbox(ring, control, streams, outbox, clock);
  const writer = new RingWriter(toGuest);
  const head = new HeadWriter();
  const data = (stream: number): void => {
    writer.writeBlocking(head.one(ToGuest.Data, stream), new Uint8Array(5));
    writer.publish();
  };
  for (const stream of [1, 2]) writer.writeBlocking(head.one(ToGuest.Open, stream));
  writer.publish();
  const wait = (): number => {
    const before = world.sleeps;
    inbox.wait(clock.monotonicNs() + 1_000_000n);
    return world.sleeps - before;
  };
  expect(inbox.pendingAccepts(0)).toBe(2);
  // It may have to look once more at what came with the streams.
  inbox.wait(clock.monotonicNs() + 1_000_000n);
  const goLive = (): void => {
    writer.writeBlocking(head.plain(ToGuest.GoLive));
    writer.publish();
  };
  return { inbox, data, wait, goLive, clock, world };
}

describe('a guest that replays', () => {
  it('tells for how long it had waited for the log when it goes live', () => {
    const { inbox, goLive, clock, world } = inboxWithStreams();
    world.onSleep = () => {
      if (world.sleeps === 4) goLive();
    };
    const start = clock.monotonicNs();
    expect(inbox.next()).toBe('live');
    expect(inbox.waitedForLogNs).toBe(clock.monotonicNs() - start);
    expect(inbox.waitedForLogNs).toBeGreaterThan(0n);
  });

  it('has not waited when the log ends where it is', () => {
    const { inbox, goLive } = inboxWithStreams();
    goLive();
    expect(inbox.next()).toBe('live');
    expect(inbox.waitedForLogNs).toBe(0n);
  });
});

describe('a guest that waits', () => {
  it('sleeps until its deadline when there is nothing', () => {
    const { wait } = inboxWithStreams();
    expect(wait()).toBe(1);
  });

  it('does not sleep on what came for one stream while it looked at the next', () => {
    const { inbox, data, wait } = inboxWithStreams();
    expect(inbox.readable(1)).toBe(0);
    data(1);
    expect(inbox.readable(2)).toBe(0);
    expect(wait()).toBe(0);
    expect(inbox.readable(1)).toBe(5);
  });

  it('sleeps once it has been told of everything', () => {
    const { inbox, data, wait } = inboxWithStreams();
    data(1);
    expect(wait()).toBe(0);
    expect(inbox.readable(1)).toBe(5);
    expect(wait()).toBe(1);
  });
});
