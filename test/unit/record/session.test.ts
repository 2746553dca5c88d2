import { describe, expect, it } from 'vitest';
import { DivergenceError } from '../../../src/errors.js';
import type { Entry } from '../../../src/log/entry.js';
import { type CallInfo, type Effect, EVENT, type Step } from '../../../src/record/call.js';
import { type LogSource, Session } from '../../../src/record/session.js';

/** The outside world of these tests: a number that is different each time. */
interface World {
  value: number;
}

const READ: CallInfo = { id: 20, name: 'test.read', class: 'input', params: ['handle'] };
const WRITE: CallInfo = { id: 21, name: 'test.write', class: 'output', params: ['handle'] };
const ADD: CallInfo = { id: 22, name: 'test.add', class: 'pure', params: ['left', 'right'] };

function reading(): Effect<World> {
  return {
    class: 'input',
    observe: (world) => world.value++,
    accepts: (value) => typeof value === 'number',
    apply: (value) => value as number,
  };
}

function writing(text: string, sent: string[]): Effect<World> {
  return {
    class: 'output',
    observe: () => text.length,
    accepts: (value) => value === text.length,
    digest: (_length, digest) => digest.updateBytes(new TextEncoder().encode(text)),
    apply: (length, event) => {
      sent.push(`${text}@${event}`);
      return length as number;
    },
  };
}

function rethrow(error: unknown): never {
  throw error;
}

class Guest {
  readonly entries: Entry[] = [];
  readonly sent: string[] = [];
  readonly world: World;
  readonly session: Session;
  text = 'hello';

  constructor(value: number, source?: LogSource) {
    this.world = { value };
    const sink = { append: (entry: Entry) => this.entries.push(entry) };
    this.session = new Session({ sink, ...(source === undefined ? {} : { source }) });
    this.session.nameCalls((id) => [READ, WRITE, ADD].find((call) => call.id === id)?.name);
  }

  read(counter: number, handle = 0): number {
    return this.#call(READ, () => reading())(handle, counter);
  }

  write(counter: number): number {
    return this.#call(WRITE, () => writing(this.text, this.sent))(1, counter);
  }

  add(left: number, right: bigint, counter: number): number {
    return this.#call(ADD, (args) => Number(args[0]) + Number(args[1]))(left, right, counter);
  }

  #call(info: CallInfo, handler: (args: readonly (number | bigint)[]) => Step<World>) {
    return this.session.hostFunction(info, handler, this.world, rethrow);
  }
}

function logOf(entries: readonly Entry[]): LogSource {
  let next = 0;
  return { next: () => entries[next++] ?? 'live' };
}

/** Read 7, write, read 8. */
function recorded(): Guest {
  const guest = new Guest(7);
  guest.read(10);
  guest.write(20);
  guest.add(1, 2n, 25);
  guest.read(30);
  return guest;
}

describe('a live session', () => {
  it('logs what was observed, and only that', () => {
    const guest = recorded();
    expect(guest.entries.map(({ call, counter, result }) => [call, counter, result])).toEqual([
      [20, 10, 7],
      [21, 20, 5],
      [20, 30, 8],
    ]);
    expect(guest.session.position).toEqual({ counter: 30, event: 3 });
    expect(guest.session.hostCalls).toBe(4);
    expect(guest.sent).toEqual(['hello@2']);
  });

  it('digests calls, arguments and output bytes', () => {
    const digests = new Set<string>();
    for (const change of [
      () => undefined,
      (guest: Guest) => guest.add(1, 3n, 5),
      (guest: Guest) => guest.add(1, 3n + (1n << 32n), 5),
      (guest: Guest) => guest.add(2, 3n, 5),
      (guest: Guest) => {
        guest.text = 'jello';
      },
    ]) {
      const guest = new Guest(7);
      change(guest);
      guest.write(20);
      digests.add(guest.session.digest.hex());
    }
    expect(digests.size).toBe(5);
  });

  it('gives i32 arguments as unsigned numbers', () => {
    expect(new Guest(0).add(-1, 0n, 5)).toBe(0xffffffff);
  });

  it('forgets a call that was stopped while it waited', () => {
    const guest = new Guest(7);
    const before = guest.session.digest.hex();
    const stopped = guest.session.hostFunction(
      READ,
      () => ({ ...reading(), observe: () => rethrow(new Error('stop')) }),
      guest.world,
      () => 99,
    );
    expect(() => stopped(0, 5)).toThrow('stop');
    expect(guest.session.digest.hex()).toBe(before);
    expect(guest.entries).toEqual([]);
  });

  it('lets the failure map answer for the deterministic halves', () => {
    const guest = new Guest(7);
    const failing = guest.session.hostFunction(
      READ,
      () => rethrow(new Error('EBADF')),
      guest.world,
      () => 8,
    );
    expect(failing(0, 5)).toBe(8);
  });

  it('refuses an effect of another class than the table says', () => {
    const guest = new Guest(7);
    const wrong = guest.session.hostFunction(READ, () => writing('x', []), guest.world, rethrow);
    expect(() => wrong(0, 5)).toThrow('test.read is listed as input but made an output');
  });
});

describe('a replay', () => {
  it('repeats results, outputs and digest without asking the world', () => {
    const live = recorded();
    const replay = new Guest(1000, logOf(live.entries));
    expect([replay.read(10), replay.write(20), replay.add(1, 2n, 25), replay.read(30)]).toEqual([7, 5, 3, 8]);
    expect(replay.world.value).toBe(1000);
    expect(replay.sent).toEqual(live.sent);
    expect(replay.session.digest.hex()).toBe(live.session.digest.hex());
    expect(replay.session.mode).toBe('replay');
    expect(replay.entries).toEqual([]);
  });

  it('goes live in the middle of a call, and says so in its own log', () => {
    const replay = new Guest(1000, logOf(recorded().entries.slice(0, 1)));
    const order: string[] = [];
    replay.session.onLive(() => order.push(replay.session.mode));
    expect(replay.read(10)).toBe(7);
    expect(replay.session.mode).toBe('replay');
    expect(replay.write(20)).toBe(5);
    expect(order).toEqual(['live']);
    expect(replay.entries.map(({ call, counter }) => [call, counter])).toEqual([
      [EVENT.GO_LIVE, 20],
      [21, 20],
    ]);
    expect(replay.sent).toEqual(['hello@3']);
    expect(replay.read(30)).toBe(1000);
  });

  it('passes a go-live of the log that it follows', () => {
    const second = new Guest(1000, logOf(recorded().entries.slice(0, 1)));
    second.read(10);
    second.write(20);
    const log = [...recorded().entries.slice(0, 1), ...second.entries];
    const third = new Guest(5000, logOf(log));
    expect([third.read(10), third.write(20)]).toEqual([7, 5]);
    expect(third.session.digest.hex()).toBe(second.session.digest.hex());
    expect(third.session.event).toBe(3);
  });

  it('continues from a saved state', () => {
    const live = recorded();
    const half = new Guest(7);
    half.read(10);
    const entries: Entry[] = [];
    const session = new Session({ sink: { append: (entry) => entries.push(entry) }, resume: half.session.state() });
    expect(session.position).toEqual({ counter: 10, event: 1 });
    session.hostFunction(WRITE, () => writing('hello', []), half.world, rethrow)(1, 20);
    expect(entries[0]).toEqual(live.entries[1]);
  });
});

describe('events', () => {
  function withEvent(): { live: Guest; log: Entry[] } {
    const live = new Guest(7);
    live.read(10);
    live.session.post(EVENT.CONTROL, ['capture', 1]);
    live.write(20);
    return { live, log: live.entries };
  }

  it('are delivered at the same position on every replica', () => {
    const { live, log } = withEvent();
    expect(log.map(({ call }) => call)).toEqual([20, EVENT.CONTROL, 21]);
    const replay = new Guest(1000, logOf(log));
    const seen: unknown[] = [];
    replay.session.onEvent((event, value) => seen.push(event, value, replay.session.position));
    replay.read(10);
    replay.write(20);
    expect(seen).toEqual([EVENT.CONTROL, ['capture', 1], { counter: 20, event: 2 }]);
    expect(replay.session.digest.hex()).toBe(live.session.digest.hex());
  });

  it('are delivered at slices', () => {
    const live = new Guest(7);
    live.session.post(EVENT.CONTROL, 1);
    live.session.slice(5);
    live.session.slice(6);
    live.read(10);
    const seen: number[] = [];
    const replay = new Guest(1000, logOf(live.entries));
    replay.session.onEvent(() => seen.push(replay.session.counter));
    replay.session.slice(4);
    replay.session.slice(5);
    replay.session.slice(6);
    expect(replay.read(10)).toBe(7);
    expect(seen).toEqual([5]);
  });

  it('cannot be posted while replaying', () => {
    expect(() => new Guest(1, logOf([])).session.post(EVENT.CONTROL, 1)).toThrow('replica that replays');
  });
});

describe('divergence', () => {
  function diverge(
    run: (replay: Guest) => void,
    change: (entries: Entry[]) => void = () => undefined,
  ): DivergenceError {
    const entries = [...recorded().entries];
    change(entries);
    const replay = new Guest(1000, logOf(entries));
    try {
      run(replay);
    } catch (error) {
      expect(error).toBeInstanceOf(DivergenceError);
      return error as DivergenceError;
    }
    throw new Error('the replay did not diverge');
  }

  it('names another call', () => {
    const error = diverge((replay) => replay.write(10));
    expect(error.message).toContain(
      'replay diverged at event 1 (call differs): the log has test.read at counter 10, digest 0x',
    );
    expect(error.message).toContain('the guest made test.write(handle=1) at counter 10');
    expect(error.details).toMatchObject({ difference: 'call', position: { counter: 10, event: 1 } });
  });

  it('names another counter', () => {
    const error = diverge((replay) => {
      replay.read(10);
      replay.write(21);
    });
    expect(error.details).toMatchObject({
      difference: 'counter',
      position: { counter: 21, event: 2 },
      expected: { call: 'test.write', counter: 20, result: '5' },
      seen: { call: 'test.write', counter: 21, args: { handle: 1 } },
      recent: [{ call: 'test.read', counter: 10, result: '7' }],
    });
  });

  it('finds another argument by the digest', () => {
    expect(diverge((replay) => replay.read(10, 1)).details).toMatchObject({ difference: 'digest' });
  });

  it('finds other output bytes by the digest', () => {
    const error = diverge((replay) => {
      replay.read(10);
      replay.text = 'jello';
      replay.write(20);
    });
    expect(error.details).toMatchObject({ difference: 'digest', position: { event: 2 } });
  });

  it('finds a result that the call cannot have', () => {
    const error = diverge(
      (replay) => replay.read(10),
      (entries) => {
        entries[0] = { ...entries[0]!, result: 'tampered' };
      },
    );
    expect(error.details).toMatchObject({ difference: 'result', expected: { result: '"tampered"' } });
  });

  it('finds a result that was changed', () => {
    const error = diverge(
      (replay) => replay.read(10),
      (entries) => {
        entries[0] = { ...entries[0]!, result: 6 };
      },
    );
    expect(error.details).toMatchObject({ difference: 'digest', position: { event: 1 }, expected: { result: '6' } });
  });

  it('finds an event where the guest is not', () => {
    const error = diverge(
      (replay) => replay.read(10),
      (entries) => entries.unshift({ call: EVENT.CONTROL, counter: 3, digest: 0, result: 1 }),
    );
    expect(error.message).toContain('the guest was at counter 10');
  });
});
