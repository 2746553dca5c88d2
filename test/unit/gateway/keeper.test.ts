/** Questions and answers that cross: whichever replica answers first, a gateway keeps the one number it was given. */
import { expect, test } from 'vitest';
import { Gateway } from '../../../src/gateway/gateway.js';
import { jsonBytes, RecordKind, RecordWriter, readJson, readRecords } from '../../../src/gateway/records.js';
import { gatewayNumber } from '../../../src/gateway/stream-id.js';
import { GatewayKeeper } from '../../../src/runtime/gateway-keeper.js';
import type { Channel, ChannelHandlers } from '../../../src/transport/channel.js';
import { type Frame, FrameType } from '../../../src/transport/frame.js';

const FIRST = gatewayNumber(1, 0);
const SECOND = gatewayNumber(2, 0);

/** The gateway's end of a connection; a test plays the replica. */
class Wire implements Channel {
  readonly bufferedBytes = 0;
  isOpen = true;
  /** Numbers that the gateway said it had, one for each question. */
  readonly asked: unknown[] = [];
  #handlers: ChannelHandlers | undefined;

  constructor(readonly remote: string) {}

  start(handlers: ChannelHandlers): void {
    this.#handlers = handlers;
  }

  send({ payload }: Frame): boolean {
    readRecords(payload, (record) => {
      if (record.kind === RecordKind.Attach) this.asked.push(readJson(record)['gateway']);
    });
    return true;
  }

  pause(): void {}
  resume(): void {}

  close(): void {
    this.destroy();
  }

  destroy(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#handlers?.onClose({ kind: 'local' });
  }

  attached(epoch: number, gateway: number): void {
    this.#reply(RecordKind.Attached, epoch, jsonBytes({ gateway }));
  }

  notLive(): void {
    this.#reply(RecordKind.NotLive, 0, new TextEncoder().encode('this replica is not live'));
  }

  #reply(kind: RecordKind, epoch: number, bytes: Uint8Array): void {
    const writer = new RecordWriter();
    writer.add(kind, 0, epoch, bytes);
    this.#handlers?.onFrame({ type: FrameType.Gateway, epoch, payload: writer.take() });
  }
}

/** A keeper of two replicas, whose connections come up at once and whose timers run when a test says so. */
class Kept {
  readonly gateway = new Gateway({ service: 'kv', listeners: 1 });
  readonly wires: Record<string, Wire[]> = { a: [], b: [] };
  readonly attachedTo: string[] = [];
  readonly #timers = new Set<() => void>();

  static async start(): Promise<Kept> {
    const kept = new Kept();
    const keeper = new GatewayKeeper({
      gateway: kept.gateway,
      replicas: ['a', 'b'],
      dial: async (address) => {
        const wire = new Wire(address);
        kept.wires[address]?.push(wire);
        return wire;
      },
      timers: { now: () => 0, every: () => () => {}, after: (_, run) => kept.#after(run), soon: (run) => run() },
      onAttached: (address) => kept.attachedTo.push(address),
      onDetached: () => {},
    });
    keeper.start();
    await kept.settle();
    return kept;
  }

  /** The newest connection to a replica. */
  wire(address: 'a' | 'b'): Wire {
    return this.wires[address]?.at(-1) as Wire;
  }

  /** Promises get their turn. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await undefined;
  }

  /** All timers that are set by now run out. */
  async ring(): Promise<void> {
    for (const run of [...this.#timers]) {
      if (this.#timers.delete(run)) run();
    }
    await this.settle();
  }

  #after(run: () => void): () => void {
    this.#timers.add(run);
    return () => this.#timers.delete(run);
  }
}

test('a replica that waits to go live is told the number that another one has given', async () => {
  const kept = await Kept.start();
  kept.wire('b').notLive();
  kept.wire('a').attached(1, FIRST);
  expect(kept.wire('b').asked).toEqual([0, FIRST]);
});

test('also when it says only then that it is not live', async () => {
  const kept = await Kept.start();
  kept.wire('a').attached(1, FIRST);
  kept.wire('b').notLive();
  expect(kept.wire('b').asked).toEqual([0, FIRST]);
  kept.wire('b').notLive();
  expect(kept.wire('b').asked).toHaveLength(2);
});

test('an answer that would give it a second number is not taken; it asks again', async () => {
  const kept = await Kept.start();
  kept.wire('a').attached(1, FIRST);
  const late = kept.wire('b');
  kept.wire('a').destroy();
  late.attached(2, SECOND);
  expect(late.isOpen).toBe(false);
  expect(kept.attachedTo).toEqual(['a']);
  await kept.settle();
  await kept.ring();
  expect(kept.wire('b')).not.toBe(late);
  expect(kept.wire('b').asked).toEqual([FIRST]);
  kept.wire('b').attached(2, FIRST);
  expect(kept.attachedTo).toEqual(['a', 'b']);
  expect(kept.gateway.number).toBe(FIRST);
});

test('a replica that has given the gateway up may give it another number', async () => {
  const kept = await Kept.start();
  kept.wire('b').destroy();
  kept.wire('a').attached(1, FIRST);
  await kept.settle();
  await kept.ring();
  kept.wire('a').destroy();
  expect(kept.wire('b').asked).toEqual([FIRST]);
  kept.wire('b').attached(2, SECOND);
  expect(kept.attachedTo).toEqual(['a', 'b']);
  expect(kept.gateway.number).toBe(SECOND);
});

test('a question that waits is repeated on its connection, which is given up when nobody answers', async () => {
  const kept = await Kept.start();
  const standing = kept.wire('b');
  standing.notLive();
  kept.wire('a').attached(1, FIRST);
  standing.notLive();
  await kept.ring();
  expect(standing.asked).toEqual([0, FIRST, FIRST]);
  standing.notLive();
  await kept.ring();
  expect(standing.asked).toHaveLength(4);
  expect(standing.isOpen).toBe(true);
  await kept.ring();
  expect(standing.isOpen).toBe(false);
});
