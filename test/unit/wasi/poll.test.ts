import { describe, expect, it } from 'vitest';
import { memoryServices } from '../../../src/host/memory.js';
import { CLOCK, ERRNO, EVENTTYPE, FDFLAGS } from '../../../src/wasi/abi.js';
import { Harness } from './harness.js';

const SUBS = 8192;
const EVENTS = 32768;
const COUNT = 64;

type Sub =
  | { read: number }
  | { write: number }
  | { after: bigint; clock?: number }
  | { at: bigint; clock?: number }
  | { tag: number };

/** Writes subscriptions; userdata is 100 + index. */
function subscribe(h: Harness, subs: readonly Sub[]): void {
  for (const [index, sub] of subs.entries()) {
    const at = SUBS + index * 48;
    h.bytes.fill(0, at, at + 48);
    h.view.setBigUint64(at, BigInt(100 + index), true);
    if ('tag' in sub) h.view.setUint8(at + 8, sub.tag);
    else if ('read' in sub || 'write' in sub) {
      h.view.setUint8(at + 8, 'read' in sub ? EVENTTYPE.FD_READ : EVENTTYPE.FD_WRITE);
      h.view.setUint32(at + 16, 'read' in sub ? sub.read : sub.write, true);
    } else {
      h.view.setUint32(at + 16, sub.clock ?? CLOCK.MONOTONIC, true);
      h.view.setBigUint64(at + 24, 'after' in sub ? sub.after : sub.at, true);
      h.view.setUint16(at + 40, 'at' in sub ? 1 : 0, true);
    }
  }
}

/** [userdata, errno, type, nbytes, flags] of each event. */
function events(h: Harness): unknown[] {
  return Array.from({ length: h.u32(COUNT) }, (_, index) => {
    const at = EVENTS + index * 32;
    return [Number(h.u64(at)), h.u16(at + 8), h.bytes[at + 10], Number(h.u64(at + 16)), h.u16(at + 24)];
  });
}

function poll(h: Harness, subs: readonly Sub[]): unknown {
  subscribe(h, subs);
  const errno = h.call('poll_oneoff', SUBS, EVENTS, subs.length, COUNT);
  return errno === ERRNO.SUCCESS ? events(h) : errno;
}

function connect(h: Harness): { fd: number; stream: number } {
  const stream = h.fakes.network.connect();
  expect(h.call('sock_accept', 3, FDFLAGS.NONBLOCK, COUNT)).toBe(ERRNO.SUCCESS);
  return { fd: h.u32(COUNT), stream };
}

describe('poll_oneoff on sockets', () => {
  it('reports every ready one, with what can be read', () => {
    const h = new Harness();
    const [a, b, c] = [connect(h), connect(h), connect(h)];
    h.fakes.network.push(a.stream, 'abc');
    h.fakes.network.push(c.stream, 'z');
    h.fakes.network.end(c.stream);
    const found = poll(h, [{ read: a.fd }, { read: b.fd }, { read: c.fd }, { after: 10n }]);
    expect(found).toEqual([
      [100, 0, EVENTTYPE.FD_READ, 3, 0],
      [102, 0, EVENTTYPE.FD_READ, 1, 1],
    ]);
  });

  it('reports ends and resets as hang-ups', () => {
    const h = new Harness();
    const [a, b] = [connect(h), connect(h)];
    h.fakes.network.end(a.stream);
    h.fakes.network.reset(b.stream);
    expect(poll(h, [{ read: a.fd }, { read: b.fd }, { write: b.fd }])).toEqual([
      [100, 0, EVENTTYPE.FD_READ, 0, 1],
      [101, 0, EVENTTYPE.FD_READ, 0, 1],
      [102, 0, EVENTTYPE.FD_WRITE, 0, 1],
    ]);
  });

  it('waits for a connection', () => {
    const h = new Harness();
    h.fakes.waiter.steps.push(() => h.fakes.network.connect());
    expect(poll(h, [{ read: 3 }])).toEqual([[100, 0, EVENTTYPE.FD_READ, 1, 0]]);
  });

  it('waits for room to write', () => {
    const h = new Harness();
    const { fd, stream } = connect(h);
    h.fakes.network.setWindow(stream, 0);
    h.fakes.waiter.steps.push(
      () => undefined,
      () => h.fakes.network.setWindow(stream, 9),
    );
    expect(poll(h, [{ write: fd }])).toEqual([[100, 0, EVENTTYPE.FD_WRITE, 9, 0]]);
  });

  it('reports bad descriptors in their events', () => {
    const h = new Harness();
    expect(poll(h, [{ read: 99 }, { read: 3 }])).toEqual([[100, ERRNO.BADF, EVENTTYPE.FD_READ, 0, 0]]);
  });
});

describe('poll_oneoff on stdio', () => {
  it('can always write, and reads when there is input', () => {
    const h = new Harness();
    expect(poll(h, [{ write: 1 }, { read: 0 }])).toEqual([[100, 0, EVENTTYPE.FD_WRITE, 0, 0]]);
    h.fakes.stdin.push('hey');
    expect(poll(h, [{ read: 0 }])).toEqual([[100, 0, EVENTTYPE.FD_READ, 3, 0]]);
    expect(h.call('fd_read', 0, ...h.iovec(600, 10), COUNT)).toBe(ERRNO.SUCCESS);
    expect(h.text(600, h.u32(COUNT))).toBe('hey');
    h.fakes.stdin.closed = true;
    expect(poll(h, [{ read: 0 }])).toEqual([[100, 0, EVENTTYPE.FD_READ, 0, 1]]);
  });
});

describe('poll_oneoff on a standard input that is a file', () => {
  it('is ready before its first byte is there', () => {
    const h = new Harness();
    h.fakes.stdin.isFile = true;
    expect(poll(h, [{ read: 0 }])).toEqual([[100, 0, EVENTTYPE.FD_READ, 1, 0]]);
  });
});

describe('poll_oneoff on clocks', () => {
  it('waits until the first of them', () => {
    const h = new Harness();
    const start = h.fakes.clock.monotonic;
    h.fakes.waiter.steps.push(
      () => h.fakes.clock.advance(40n),
      () => h.fakes.clock.advance(60n),
    );
    expect(poll(h, [{ after: 500n }, { after: 100n }])).toEqual([[101, 0, EVENTTYPE.CLOCK, 0, 0]]);
    expect(h.fakes.waiter.deadlines).toEqual([start + 100n, start + 100n]);
  });

  describe('in a call that is stopped for a capture and made again', () => {
    class Stop extends Error {}

    /** A call that waits for 100 ns and is stopped after 40 of them. */
    function stopped(): Harness {
      const h = new Harness();
      h.fakes.waiter.steps.push(() => {
        h.fakes.clock.advance(40n);
        throw new Stop();
      });
      expect(() => poll(h, [{ after: 100n }])).toThrow(Stop);
      return h;
    }

    it('go on, and the next call has its whole time', () => {
      const h = stopped();
      const start = h.fakes.clock.monotonic - 40n;
      h.fakes.waiter.steps.push(() => h.fakes.clock.advance(60n));
      expect(poll(h, [{ after: 100n }])).toHaveLength(1);
      h.fakes.waiter.steps.push(() => h.fakes.clock.advance(100n));
      expect(poll(h, [{ after: 100n }])).toHaveLength(1);
      expect(h.fakes.waiter.deadlines.slice(1)).toEqual([start + 100n, start + 200n]);
    });

    it('may have passed meanwhile, and the next call has its whole time', () => {
      const h = stopped();
      h.fakes.clock.advance(70n);
      expect(poll(h, [{ after: 100n }])).toHaveLength(1);
      const start = h.fakes.clock.monotonic;
      h.fakes.waiter.steps.push(() => h.fakes.clock.advance(100n));
      expect(poll(h, [{ after: 100n }])).toHaveLength(1);
      expect(h.fakes.waiter.deadlines.slice(1)).toEqual([start + 100n]);
    });
  });

  it('knows absolute times on both clocks', () => {
    const h = new Harness();
    h.call('clock_time_get', CLOCK.REALTIME, 0n, COUNT);
    const now = h.u64(COUNT);
    expect(poll(h, [{ at: now, clock: CLOCK.REALTIME }])).toEqual([[100, 0, EVENTTYPE.CLOCK, 0, 0]]);
    h.fakes.waiter.steps.push((deadline) => {
      expect(deadline).toBe(h.fakes.clock.monotonic + 70n);
      h.fakes.clock.advance(70n);
    });
    expect(poll(h, [{ at: now + 70n, clock: CLOCK.REALTIME }])).toHaveLength(1);
    expect(poll(h, [{ at: 70n }, { after: 5n }])).toEqual([[100, 0, EVENTTYPE.CLOCK, 0, 0]]);
  });

  it('fires at once for a zero timeout, beside what is ready', () => {
    const h = new Harness();
    expect(poll(h, [{ write: 1 }, { after: 0n }])).toHaveLength(2);
  });

  it('refuses clocks that nobody can wait for', () => {
    const h = new Harness();
    expect(
      poll(h, [
        { after: 1n, clock: CLOCK.PROCESS_CPUTIME },
        { after: 1n, clock: 9 },
      ]),
    ).toEqual([
      [100, ERRNO.NOTSUP, EVENTTYPE.CLOCK, 0, 0],
      [101, ERRNO.INVAL, EVENTTYPE.CLOCK, 0, 0],
    ]);
  });

  it('goes on where another replica goes live while it is waited for', () => {
    const h = new Harness();
    h.fakes.clock.advance(50n);
    h.call('clock_time_get', CLOCK.MONOTONIC, 0n, COUNT);
    const services = memoryServices();
    services.waiter.waitedForLogNs = 70n;
    services.waiter.steps.push(() => services.clock.advance(30n));
    const start = services.clock.monotonicNs();
    const backup = new Harness({ log: h.entries, services });
    backup.call('clock_time_get', CLOCK.MONOTONIC, 0n, COUNT);
    expect(poll(backup, [{ after: 100n }])).toHaveLength(1);
    expect(services.waiter.deadlines).toEqual([start + 30n]);
    // Time went on meanwhile; and the next call has its whole time.
    expect(backup.call('clock_time_get', CLOCK.MONOTONIC, 0n, COUNT)).toBe(ERRNO.SUCCESS);
    expect(backup.u64(COUNT)).toBe(h.u64(COUNT) + 100n);
    services.waiter.steps.push(() => services.clock.advance(100n));
    expect(poll(backup, [{ after: 100n }])).toHaveLength(1);
    expect(services.waiter.deadlines).toEqual([start + 30n, start + 130n]);
  });

  it('proves that its time has passed, also to a clock that continues elsewhere', () => {
    const h = new Harness();
    h.fakes.waiter.steps.push(() => h.fakes.clock.advance(1000n));
    poll(h, [{ after: 1000n }]);
    const backup = new Harness({ log: h.entries, services: memoryServices() });
    poll(backup, [{ after: 1000n }]);
    expect(backup.call('clock_time_get', CLOCK.MONOTONIC, 0n, COUNT)).toBe(ERRNO.SUCCESS);
    expect(backup.session.mode).toBe('live');
    expect(backup.u64(COUNT)).toBe(1000n);
  });
});

describe('poll_oneoff', () => {
  it('refuses bad calls', () => {
    const h = new Harness();
    expect(poll(h, [])).toBe(ERRNO.INVAL);
    expect(poll(h, [{ tag: 3 }])).toBe(ERRNO.INVAL);
    expect(h.call('poll_oneoff', 131072 - 47, EVENTS, 1, COUNT)).toBe(ERRNO.FAULT);
    expect(h.call('poll_oneoff', SUBS, 131072 - 31, 1, COUNT)).toBe(ERRNO.FAULT);
    expect(h.call('poll_oneoff', SUBS, EVENTS, -1, COUNT)).toBe(ERRNO.FAULT);
    expect(h.entries).toEqual([]);
  });

  it('writes every byte of an event, padding included', () => {
    const h = new Harness();
    h.bytes.fill(0xff, EVENTS, EVENTS + 64);
    poll(h, [{ write: 1 }]);
    const expected = new Uint8Array(32);
    expected[0] = 100;
    expected[10] = EVENTTYPE.FD_WRITE;
    expect(h.bytes.slice(EVENTS, EVENTS + 32)).toEqual(expected);
    expect(h.bytes[EVENTS + 32]).toBe(0xff);
  });

  it('replays to the same events, and only those', () => {
    const h = new Harness();
    const { fd, stream } = connect(h);
    h.fakes.network.push(stream, 'abc');
    const subs: Sub[] = [{ read: 3 }, { read: fd }, { after: 5n }];
    const found = poll(h, subs);
    const replay = new Harness({ log: h.entries });
    replay.call('sock_accept', 3, FDFLAGS.NONBLOCK, COUNT);
    expect(poll(replay, subs)).toEqual(found);
    expect(replay.session.digest.hex()).toBe(h.session.digest.hex());
    expect(replay.session.mode).toBe('replay');
  });

  it('serves thousands of idle connections with one scan per wake-up', () => {
    const services = memoryServices();
    let asked = 0;
    const readable = services.network.readable.bind(services.network);
    services.network.readable = (stream) => {
      asked++;
      return readable(stream);
    };
    const h = new Harness({ services });
    const subs = Array.from({ length: 400 }, () => ({ read: connect(h).fd }));
    services.waiter.steps.push(
      () => undefined,
      () => services.network.push(17, 'x'),
    );
    expect(poll(h, subs)).toEqual([[116, 0, EVENTTYPE.FD_READ, 1, 0]]);
    expect(asked).toBe(3 * 400);
    expect(h.entries.at(-1)?.result).toEqual([16, 1, 0]);
  });
});
