import { describe, expect, it, vi } from 'vitest';
import { createRing, RingReader, RingWriter } from '../../../src/runtime/ring.js';
import { RingQueue } from '../../../src/runtime/ring-queue.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function ends(capacity = 4096): { writer: RingWriter; reader: RingReader } {
  const ring = createRing(capacity);
  return { writer: new RingWriter(ring), reader: new RingReader(ring) };
}

function takeAll(reader: RingReader): string[] {
  const seen: string[] = [];
  reader.drain((message) => {
    seen.push(new TextDecoder().decode(message.slice()));
    return undefined;
  });
  return seen;
}

describe('ring', () => {
  it('delivers nothing before publish, everything after it, in order', () => {
    const { writer, reader } = ends();
    writer.tryWrite(text('one'));
    writer.tryWrite(text('head'), text('+body'));
    expect(reader.hasMessage).toBe(false);
    expect(takeAll(reader)).toEqual([]);
    writer.publish();
    expect(takeAll(reader)).toEqual(['one', 'head+body']);
    expect(reader.hasMessage).toBe(false);
  });

  it('shows what is published quietly, and wakes a sleeping consumer for it with the next publish', async () => {
    const { writer, reader } = ends();
    let woken = 0;
    reader.onMessage(() => {
      woken++;
    });
    writer.tryWrite(text('quiet'));
    expect(writer.publishQuietly()).toBe(true);
    expect(takeAll(reader)).toEqual(['quiet']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(woken).toBe(0);
    writer.publish();
    await vi.waitFor(() => expect(woken).toBe(1));
    expect(writer.publishQuietly()).toBe(false);
  });

  it('keeps messages whole when they wrap around the end, over many laps', () => {
    const { writer, reader } = ends();
    for (let lap = 0; lap < 1000; lap++) {
      const message = `${lap}:`.padEnd(1 + ((lap * 37) % 900), 'x');
      expect(writer.tryWrite(text(message))).toBe(true);
      writer.publish();
      expect(takeAll(reader)).toEqual([message]);
    }
  });

  it('refuses what does not fit and takes it after the consumer has made room', () => {
    const { writer, reader } = ends();
    const block = new Uint8Array(1020).fill(1);
    let written = 0;
    while (writer.tryWrite(block)) written++;
    expect(written).toBe(4);
    writer.publish();
    expect(takeAll(reader)).toHaveLength(4);
    expect(writer.tryWrite(block)).toBe(true);
  });

  it('stops draining when the taker says so and continues with the next message later', () => {
    const { writer, reader } = ends();
    for (const name of ['a', 'b', 'c']) writer.tryWrite(text(name));
    writer.publish();
    const seen: string[] = [];
    reader.drain((message) => {
      seen.push(new TextDecoder().decode(message.slice()));
      return false;
    });
    expect(seen).toEqual(['a']);
    expect(takeAll(reader)).toEqual(['b', 'c']);
  });
});

describe('ring queue', () => {
  it('carries messages larger than the ring, in order with small ones, without blocking', async () => {
    const { writer, reader } = ends();
    const queue = new RingQueue(writer);
    const large = 'L'.repeat(50_000);
    queue.send(text('before'));
    queue.send(text('head:'), text(large));
    queue.send(text('after'));
    queue.publish();
    expect(queue.queuedBytes).toBeGreaterThan(40_000);
    const seen: string[] = [];
    while (seen.length < 3) {
      seen.push(...takeAll(reader));
      // The queue hears of the room through Atomics.waitAsync, which needs a turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen).toEqual(['before', `head:${large}`, 'after']);
    expect(queue.queuedBytes).toBe(0);
  });

  it('copies what has to wait, so the sender may reuse its buffers', async () => {
    const { writer, reader } = ends();
    const queue = new RingQueue(writer);
    const buffer = new Uint8Array(1000);
    for (let value = 1; value <= 10; value++) {
      buffer.fill(value);
      queue.send(buffer);
    }
    queue.publish();
    const seen: number[] = [];
    while (seen.length < 10) {
      reader.drain((message) => {
        expect(new Set(message).size).toBe(1);
        seen.push(message[0]);
        return undefined;
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
