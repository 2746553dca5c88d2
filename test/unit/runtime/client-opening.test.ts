import { expect, test } from 'vitest';
import { openClients } from '../../../src/runtime/client-opening.js';
import type { ClientPort } from '../../../src/runtime/client-port.js';
import type { Timers } from '../../../src/runtime/ports.js';

/** Timers by hand, and listeners whose addresses another process holds for the first `busy` attempts. */
function setUp(busy = 0) {
  let nowMs = 0;
  let attempts = 0;
  const due = new Map<() => void, number>();
  const timers: Timers = {
    now: () => nowMs,
    every: () => () => {},
    after: (ms, run) => {
      due.set(run, nowMs + ms);
      return () => void due.delete(run);
    },
  };
  const listeners = {
    addresses: ['127.0.0.1:1'],
    bind: async () => {
      if (attempts++ < busy) throw new Error('the port is in use');
    },
    serve: () => {},
  } as unknown as ClientPort;
  const events: string[] = [];
  const opening = openClients(listeners, 3, timers, (name) => events.push(name));
  const advance = async (ms: number): Promise<void> => {
    nowMs += ms;
    for (const [run, at] of [...due]) if (at <= nowMs && due.delete(run)) run();
    await new Promise(setImmediate);
  };
  return { opening, events, advance, attempts: () => attempts };
}

test('a guest that is live lets clients in at once', async () => {
  const { opening, events, advance } = setUp();
  opening.guestLive(false);
  await advance(0);
  expect(events).toEqual(['listening']);
});

test('clients of gateways come first, and addresses are taken once', async () => {
  const { opening, advance, attempts } = setUp();
  opening.guestLive(true);
  await advance(9);
  expect(attempts()).toBe(0);
  await advance(1);
  expect(attempts()).toBe(1);
  await advance(100);
  expect(attempts()).toBe(1);
});

test('a guest that is long in coming does not keep clients out', async () => {
  const { opening, advance, attempts } = setUp();
  await advance(25);
  expect(attempts()).toBe(1);
  opening.guestLive(false);
  await advance(100);
  expect(attempts()).toBe(1);
});

test('addresses that are in use are tried again, told once', async () => {
  const { opening, events, advance } = setUp(2);
  opening.guestLive(false);
  await advance(0);
  await advance(25);
  await advance(25);
  expect(events).toEqual(['listen-failed', 'listening']);
});

test('nothing is opened once it was cancelled', async () => {
  const { opening, advance, attempts } = setUp();
  opening.guestLive(true);
  opening.cancel();
  await advance(100);
  expect(attempts()).toBe(0);
});
