import { describe, expect, it } from 'vitest';
import type { FakeConnection, FakeHost } from '../fake-host.js';
import { infoField, request, serve } from './support.js';

const BATCH = 1000;

/** Sends a command per key of `[from, to)` in pipelines; returns nothing, the replies are dropped. */
function* forKeys(connection: FakeConnection, from: number, to: number, words: (key: string) => string[]) {
  for (let start = from; start < to; start += BATCH) {
    const end = Math.min(start + BATCH, to);
    let pipeline = '';
    for (let i = start; i < end; i++) pipeline += request(...words(`key:${String(i).padStart(12, '0')}`));
    connection.send(pipeline);
    yield;
    connection.received();
  }
}

function* info(connection: FakeConnection, section: string): Generator<void, string, void> {
  connection.send(`INFO ${section}\r\n`);
  yield;
  return connection.received();
}

/** Keys that one full SCAN returns, in order; `between` runs after each step. */
function* scan(connection: FakeConnection, options: string, between?: (step: number) => Generator<void, void, void>) {
  const keys: string[] = [];
  let cursor = '0';
  let step = 0;
  do {
    connection.send(`SCAN ${cursor} ${options}\r\n`);
    yield;
    const lines = connection.received().split('\r\n');
    cursor = lines[2] ?? '';
    keys.push(...lines.slice(4).filter((_, i) => i % 2 === 1));
    if (between !== undefined) yield* between(step++);
  } while (cursor !== '0');
  return keys;
}

describe('a million keys', () => {
  it('cost a constant number of steps each, and few bytes', () => {
    const count = 1_000_000;
    serve(function* (host: FakeHost) {
      const connection = host.connect();
      const empty = yield* info(connection, 'memory');
      let visits = 0;
      for (const end of [count / 4, count / 2, count]) {
        const before = infoField(yield* info(connection, 'stats'), 'entries_visited');
        const start = end === count / 4 ? 0 : end / 2;
        yield* forKeys(connection, start, end, (key) => ['SET', key, 'abc']);
        visits = infoField(yield* info(connection, 'stats'), 'entries_visited') - before;
        // Looking up a new key and splitting a bucket: about two steps, at any size.
        expect(visits / (end - start)).toBeLessThan(4);
      }
      const full = yield* info(connection, 'memory keyspace');
      expect(full).toContain(`keys=${count}`);
      const bytesPerKey = (infoField(full, 'used_memory') - infoField(empty, 'used_memory')) / count;
      expect(bytesPerKey).toBeLessThan(46);
      const pageBytesPerKey = (infoField(full, 'used_memory_pages') - infoField(empty, 'used_memory_pages')) / count;
      expect(pageBytesPerKey).toBeLessThan(46);
    });
  });
});

describe('memory', () => {
  it('comes back after DEL and after FLUSHALL, a bounded share per turn', () => {
    const count = 50_000;
    serve(function* (host) {
      const connection = host.connect();
      const empty = infoField(yield* info(connection, 'memory'), 'used_memory');
      yield* forKeys(connection, 0, count, (key) => ['SET', key, 'x'.repeat(100)]);
      yield* forKeys(connection, 0, count, (key) => ['DEL', key]);
      expect(infoField(yield* info(connection, 'memory'), 'used_memory') - empty).toBeLessThan(70_000);
      yield* forKeys(connection, 0, count, (key) => ['RPUSH', key, 'a', 'b', 'c']);
      yield* forKeys(connection, 0, count, (key) => ['PEXPIRE', key, '1000']);
      const polls = host.calls['poll_oneoff'] ?? 0;
      connection.send('FLUSHALL\r\nDBSIZE\r\n');
      yield;
      expect(connection.received()).toBe('+OK\r\n:0\r\n');
      // Every list is a step for each node, one for itself and one for its key.
      expect((host.calls['poll_oneoff'] ?? 0) - polls).toBeGreaterThan((count * 5) / 2048);
      expect(infoField(yield* info(connection, 'memory'), 'used_memory') - empty).toBeLessThan(70_000);
      const grown = host.memoryBytes;
      yield* forKeys(connection, 0, count, (key) => ['SET', key, 'x'.repeat(100)]);
      expect(host.memoryBytes).toBe(grown);
    });
  });

  it('is reused by values that change their size', () => {
    serve(function* (host) {
      const connection = host.connect();
      const sizes = [10, 100, 5000, 33_000, 200_000, 50, 0, 70_000];
      for (const size of sizes) yield* forKeys(connection, 0, 200, (key) => ['SET', key, 'v'.repeat(size)]);
      const once = host.memoryBytes;
      for (let round = 0; round < 5; round++) {
        for (const size of sizes) yield* forKeys(connection, 0, 200, (key) => ['SET', key, 'v'.repeat(size)]);
      }
      expect(host.memoryBytes - once).toBeLessThan(once / 4);
    });
  });
});

describe('SCAN', () => {
  it('returns every key that was there all along exactly once, while the table grows and shrinks', () => {
    const stable = 2000;
    serve(function* (host) {
      const connection = host.connect();
      yield* forKeys(connection, 0, stable, (key) => ['SET', key, 'stable']);
      const keys = yield* scan(connection, 'COUNT 20', function* (step) {
        const from = 1_000_000 + (step % 40) * 500;
        const command = step % 80 < 40 ? ['SET'] : ['DEL'];
        yield* forKeys(connection, from, from + 500, (key) =>
          command[0] === 'SET' ? ['SET', key, 'x'] : ['DEL', key],
        );
      });
      const seen = keys.filter((key) => Number(key.slice(4)) < stable);
      expect(seen).toHaveLength(stable);
      expect(new Set(keys).size).toBe(keys.length);
    });
  });

  it('filters by pattern and type, and refuses bad cursors and options', () => {
    serve(function* (host) {
      const connection = host.connect();
      connection.send('MSET user:1 a user:2 b group:1 c\r\nRPUSH user:list x\r\n');
      yield;
      connection.received();
      expect((yield* scan(connection, 'MATCH user:* TYPE string')).sort()).toEqual(['user:1', 'user:2']);
      expect(yield* scan(connection, 'TYPE list')).toEqual(['user:list']);
      connection.send('SCAN x\r\nSCAN 4294967296\r\nSCAN 0 COUNT 0\r\nSCAN 0 MATCH\r\n');
      yield;
      expect(connection.received()).toBe(
        '-ERR value is not an integer or out of range\r\n-ERR invalid cursor\r\n-ERR syntax error\r\n-ERR syntax error\r\n',
      );
    });
  });
});

describe('KEYS', () => {
  it.each([
    ['*', ['a', 'abc', 'a[c', 'b', 'hello']],
    ['a*', ['a', 'abc', 'a[c']],
    ['h?llo', ['hello']],
    ['h*l*o', ['hello']],
    ['[ab]', ['a', 'b']],
    ['[^a]', ['b']],
    ['[a-c]', ['a', 'b']],
    ['a\\[c', ['a[c']],
    ['a[[b]c', ['abc', 'a[c']],
    ['*x*', []],
  ])('%s', (pattern, expected) => {
    serve(function* (host) {
      const connection = host.connect();
      connection.send(`MSET a 1 b 1 abc 1 a[c 1 hello 1\r\n${request('KEYS', pattern)}`);
      yield;
      const keys = connection
        .received()
        .split('\r\n')
        .slice(2)
        .filter((_, i) => i % 2 === 1);
      expect(keys.sort()).toEqual([...expected].sort());
    });
  });

  it('takes time bounded by the product of the lengths, whatever the pattern', () => {
    serve(function* (host) {
      const connection = host.connect();
      connection.send(request('SET', 'a'.repeat(5000), '1') + request('KEYS', `${'*a'.repeat(2000)}b`));
      yield;
      expect(connection.received()).toBe('+OK\r\n*0\r\n');
    });
  });
});

describe('expiry', () => {
  it('frees keys that nobody asks for, some per turn, and sleeps until the next deadline', () => {
    const count = 20_000;
    serve(function* (host) {
      const connection = host.connect();
      yield* forKeys(connection, 0, count, (key) => ['SET', key, 'v', 'PX', String(1000 + (Number(key.slice(4)) % 7))]);
      host.advanceMs(1003);
      yield;
      connection.send('DBSIZE\r\n');
      yield;
      expect(connection.received()).toBe(`:${Math.floor((count * 3) / 7)}\r\n`);
      host.advanceMs(10);
      const polls = host.calls['poll_oneoff'] ?? 0;
      yield;
      connection.send('DBSIZE\r\n');
      yield;
      expect(connection.received()).toBe(':0\r\n');
      expect((host.calls['poll_oneoff'] ?? 0) - polls).toBeGreaterThan((count * 3) / 7 / 512);
      expect(infoField(yield* info(connection, 'stats'), 'expired_keys')).toBe(count);
      const quiet = host.calls['clock_time_get'];
      yield* forKeys(connection, 0, 1000, (key) => ['SET', key, 'v']);
      expect(host.calls['clock_time_get']).toBe(quiet);
    });
  });
});
