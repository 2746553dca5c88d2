import { describe, expect, it } from 'vitest';
import { infoField, request, serve } from './support.js';

const MIB = 1024 * 1024;

describe('large values', () => {
  const value = Buffer.alloc(40 * MIB, 'large value ');
  const header = `*3\r\n$3\r\nSET\r\n$1\r\nv\r\n$${value.length}\r\n`;

  it('go in and out whole, in pieces and through a small window', () => {
    serve(function* (host) {
      const connection = host.connect();
      connection.receiveMax = MIB;
      connection.send(
        Buffer.concat([Buffer.from(header), value, Buffer.from('\r\n'), Buffer.from(request('GET', 'v'))]),
      );
      connection.window = 0;
      yield;
      const pieces: Buffer[] = [];
      for (let i = 0; i < 50; i++) {
        connection.window = MIB;
        yield;
        pieces.push(connection.receivedBytes());
      }
      const reply = Buffer.concat(pieces);
      const expected = Buffer.concat([Buffer.from(`+OK\r\n$${value.length}\r\n`), value, Buffer.from('\r\n')]);
      expect(reply.equals(expected)).toBe(true);
      // The input and output buffers are gone with the request.
      connection.window = Number.POSITIVE_INFINITY;
      connection.send('INFO memory clients\r\n');
      yield;
      const info = connection.received();
      expect(infoField(info, 'output_buffer_bytes')).toBe(0);
      expect(infoField(info, 'used_memory')).toBeLessThan(value.length + 4 * MIB);
    });
  });

  it('reserve nothing by being announced', () => {
    serve(function* (host) {
      yield;
      const before = host.memoryBytes;
      for (let i = 0; i < 50; i++) host.connect().send('*3\r\n$3\r\nSET\r\n$1\r\nv\r\n$500000000\r\nstart');
      yield;
      expect(host.memoryBytes - before).toBeLessThan(8 * MIB);
    });
  });
});

describe('a client that reads nothing', () => {
  const big = request('SET', 'big', 'x'.repeat(MIB));

  it('has its requests wait, costs bounded memory, and is closed after a minute', () => {
    serve(function* (host) {
      const other = host.connect();
      other.send(big);
      yield;
      other.received();
      const deaf = host.connect();
      deaf.window = 0;
      deaf.send(request('GET', 'big').repeat(2000));
      yield;
      other.send('INFO clients\r\n');
      yield;
      const pending = infoField(other.received(), 'output_buffer_bytes');
      expect(pending).toBeGreaterThan(31 * MIB);
      expect(pending).toBeLessThan(34 * MIB);
      expect(host.memoryBytes).toBeLessThan(160 * MIB);
      host.advanceMs(59_000);
      yield;
      expect(deaf.closedByGuest).toBe(false);
      host.advanceMs(2_000);
      yield;
      expect(deaf.closedByGuest).toBe(true);
      other.send('INFO clients\r\n');
      yield;
      expect(infoField(other.received(), 'output_buffer_bytes')).toBe(0);
    });
  });

  it('gets every answer, in order, once it reads again', () => {
    serve(function* (host) {
      const slow = host.connect();
      slow.send(big);
      yield;
      slow.received();
      slow.window = 0;
      const rounds = 100;
      for (let i = 0; i < rounds; i++) slow.send(request('GET', 'big') + request('INCR', 'n'));
      yield;
      let total = 0;
      const counters: string[] = [];
      for (let i = 0; i < 2 * rounds + 10; i++) {
        slow.window = MIB;
        host.advanceMs(30_000);
        yield;
        const text = slow.received();
        total += text.length;
        for (const found of text.matchAll(/\r\n:(\d+)\r\n/g)) counters.push(found[1] ?? '');
      }
      const digits = Array.from({ length: rounds }, (_, i) => `:${i + 1}\r\n`).join('').length;
      expect(total).toBe(rounds * (MIB + '$1048576\r\n\r\n'.length) + digits);
      expect(counters.length).toBeGreaterThan(rounds - 5);
      expect(counters).toEqual([...counters].sort((a, b) => Number(a) - Number(b)));
      expect(slow.closedByGuest).toBe(false);
    });
  });

  it('does not keep others waiting', () => {
    serve(function* (host) {
      const deaf = host.connect();
      deaf.window = 0;
      deaf.send('PING\r\n'.repeat(100_000));
      const other = host.connect();
      other.send('PING\r\n');
      yield;
      expect(other.received()).toBe('+PONG\r\n');
      deaf.window = Number.POSITIVE_INFINITY;
      yield;
      expect(deaf.received()).toBe('+PONG\r\n'.repeat(100_000));
    });
  });
});
