/** Guests on threads of their own, captured: one that only computes, and one that clients keep busy. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { GuestReport } from '../../src/runtime/guest/protocol.js';
import type { GuestHost as Host } from '../../src/runtime/node/guest-host.js';
import { ROOT } from '../support/cli-process.js';
import { KV } from '../support/replicas.js';
import { RespClient } from '../support/resp-client.js';
import { assemble } from '../support/wat.js';

// The worker's entry is a built file.
const built = pathToFileURL(path.join(ROOT, 'dist/runtime/node/guest-host.js')).href;
const { GuestHost } = (await import(built)) as { GuestHost: typeof Host };

/** Never calls anybody; its memory is different at every slice. */
const COMPUTES = `(module (memory (export "memory") 100)
  (func (export "_start") (local $n i32)
    (loop $l
      (i32.store (i32.and (i32.mul (local.get $n) (i32.const 4)) (i32.const 0x3ffffc)) (local.get $n))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br $l))))`;

interface Batch {
  readonly last: number;
  readonly bytes: Uint8Array;
}

/** A guest whose capture is collected. */
class Guest {
  readonly pieces: Uint8Array[] = [];
  readonly batches: Batch[] = [];
  host!: Host;
  captured: { readonly event: number; readonly counter: number } | undefined;
  report!: Promise<GuestReport>;
  #onLast: () => void = () => {};

  static async open(module: Uint8Array | string, { digests = false, listening = false } = {}): Promise<Guest> {
    const guest = new Guest();
    let onReport: (report: GuestReport) => void = () => {};
    guest.report = new Promise((resolve) => {
      onReport = resolve;
    });
    guest.host = await GuestHost.open(
      { module, tcplisten: listening ? ['127.0.0.1:0'] : [] },
      { logging: true, ...(digests ? { digestEvery: 0 } : {}) },
      {
        onBatch: (_first, last, _counter, bytes) => void guest.batches.push({ last, bytes }),
        onLive: () => {},
        onReport,
        onState: (capture, piece, last) => guest.#piece(capture, piece, last),
        onCaptured: (_capture, event, counter) => {
          guest.captured = { event, counter };
        },
        onCaptureFailed: (_capture, reason) => expect.unreachable(reason),
      },
    );
    guest.host.gate.release(Number.POSITIVE_INFINITY);
    onTestFinished(() => guest.host.close());
    return guest;
  }

  #piece(capture: number, piece: Uint8Array, last: boolean): void {
    this.pieces.push(piece.slice());
    this.host.guest.stateCredit(capture, piece.length);
    if (last) this.#onLast();
  }

  capture(number = 1): Promise<void> {
    return new Promise((resolve) => {
      this.pieces.length = 0;
      this.#onLast = resolve;
      this.host.guest.capture(number);
    });
  }

  async stop(): Promise<Extract<GuestReport, { kind: 'outcome' }>> {
    this.host.guest.stop();
    const report = await this.report;
    if (report.kind !== 'outcome') throw new Error(JSON.stringify(report));
    return report;
  }
}

it('a guest that only computes is captured, and goes on in another thread', async () => {
  const module = await assemble('computes', COMPUTES);
  const first = await Guest.open(module);
  first.host.guest.start('live');
  await first.capture();
  expect((await first.stop()).outcome).toMatchObject({ kind: 'waiting' });
  const second = await Guest.open(module);
  for (const piece of first.pieces) second.host.guest.restore(piece);
  second.host.guest.start('live');
  await second.capture();
  expect(second.captured!.counter).toBeGreaterThan(first.captured!.counter);
  expect((await second.stop()).outcome.counter).toBeGreaterThanOrEqual(second.captured!.counter);
});

it('a service under load is captured, and its copy follows the log to the same digest', async () => {
  const first = await Guest.open(KV, { listening: true });
  const { guest, listeners } = first.host;
  await listeners.bind();
  listeners.serve(0);
  guest.start('live');
  const clients = await Promise.all(new Array(8).fill(listeners.addresses[0]!).map((at) => RespClient.connect(at)));
  let isOver = false;
  const busy = clients.map(async (client, name) => {
    for (let at = 0; !isOver; at++)
      expect(await client.command('SET', `${name}:${at % 500}`, `v${at}`.repeat(300))).toBe('OK');
  });
  await first.capture();
  for (const client of clients) expect(await client.command('INCR', 'after')).toBeGreaterThan(0);
  isOver = true;
  await Promise.all(busy);
  const { digest, hostCalls, position } = await first.stop();
  expect(position.event).toBeGreaterThan(first.captured!.event);

  const second = await Guest.open(KV, { listening: true });
  for (const piece of first.pieces) second.host.guest.restore(piece);
  second.host.guest.start('replay');
  for (const { last, bytes } of first.batches) if (last > first.captured!.event) second.host.guest.batch(bytes);
  second.host.guest.endLog();
  const report = await second.report;
  expect(report).toMatchObject({ kind: 'diverged', position, details: { difference: 'end' } });
  expect(report.kind === 'diverged' && [report.digest, report.hostCalls]).toEqual([digest, hostCalls]);
});

it('a service with a large memory is captured under load, and its copy comes to the same memory', async () => {
  const first = await Guest.open(KV, { listening: true, digests: true });
  const { guest, listeners } = first.host;
  await listeners.bind();
  listeners.serve(0);
  guest.start('live');
  const [filler, ...clients] = await Promise.all(
    new Array(5).fill(listeners.addresses[0]!).map((at) => RespClient.connect(at)),
  );
  const large = (at: number) => ['SET', `large:${at % 2400}`, String(at % 10).repeat(30_000)] as const;
  for (let at = 0; at < 2400; at++) await filler!.command(...large(at));
  let isOver = false;
  const busy = clients.map(async (client, name) => {
    for (let at = 0; !isOver; at++) {
      await client.command('SET', `${name}:${at % 500}`, `v${at}`.repeat(300));
      if (at % 10 === 0) await client.command(...large(at * 7 + name));
    }
  });
  // The second one finds the code that notes what is written.
  for (const number of [1, 2]) await first.capture(number);
  isOver = true;
  await Promise.all(busy);
  const { digest, memoryDigest, position } = await first.stop();

  const second = await Guest.open(KV, { listening: true, digests: true });
  for (const piece of first.pieces) second.host.guest.restore(piece);
  second.host.guest.start('replay');
  for (const { last, bytes } of first.batches) if (last > first.captured!.event) second.host.guest.batch(bytes);
  second.host.guest.endLog();
  const report = await second.report;
  expect(report).toMatchObject({ kind: 'diverged', position, digest, memoryDigest });
});
