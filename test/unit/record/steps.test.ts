/** Calls that log an entry for each of several steps, and the first call after a go-live. */
import { describe, expect, it } from 'vitest';
import { DivergenceError } from '../../../src/errors.js';
import type { Entry } from '../../../src/log/entry.js';
import type { CallInfo, Effect } from '../../../src/record/call.js';
import { Session } from '../../../src/record/session.js';

const MOVE: CallInfo = { id: 30, name: 'test.move', class: 'output', params: [] };

/** A call that asks three times; each answer says whether it was asked again. */
function guest(log?: readonly Entry[]) {
  const entries: Entry[] = [];
  const reissued: boolean[] = [];
  let next = 0;
  const source = { next: () => log?.[next++] ?? ('live' as const) };
  const sink = { append: (entry: Entry) => entries.push(entry) };
  const session = new Session({ sink, ...(log === undefined ? {} : { source }) });
  const step = (index: number): Effect<null> => ({
    class: 'output',
    observe: (_world, again) => {
      reissued.push(again);
      return index;
    },
    accepts: (value) => value === index,
    apply: (value, event) => (index === 3 ? Number(value) * 100 + event : step(index + 1)),
  });
  const rethrow = (error: unknown): never => {
    throw error;
  };
  const move = session.hostFunction(MOVE, () => step(1), null, rethrow);
  return { move, entries, reissued, session };
}

describe('a call in several steps', () => {
  it('logs an entry for each, all at one counter', () => {
    const { move, entries, reissued } = guest();
    expect(move(10)).toBe(303);
    expect(entries.map(({ call, counter, result }) => [call, counter, result])).toEqual([
      [30, 10, 1],
      [30, 10, 2],
      [30, 10, 3],
    ]);
    expect(new Set(entries.map(({ digest }) => digest)).size).toBe(3);
    expect(reissued).toEqual([false, false, false]);
  });

  it('replays, and goes live between two of them', () => {
    const first = guest();
    first.move(10);
    first.move(20);
    for (let known = 0; known <= 6; known++) {
      const next = guest(first.entries.slice(0, known));
      const results = [next.move(10), next.move(20)];
      // The entry that says "live" moves what follows by one.
      expect(results).toEqual([known < 3 ? 304 : 303, known < 6 ? 307 : 306]);
      expect(next.reissued).toEqual(Array.from({ length: 6 - known }, (_, index) => index === 0));
    }
  });

  it('diverges at the step that differs', () => {
    const { entries } = guestThatMoved();
    const tampered = entries.map((entry, index) => (index === 1 ? { ...entry, result: 3 } : entry));
    expect(() => guest(tampered).move(10)).toThrow(DivergenceError);
    expect(() => guest(tampered).move(10)).toThrow('event 2 (result differs)');
  });
});

function guestThatMoved() {
  const moved = guest();
  moved.move(10);
  return moved;
}
