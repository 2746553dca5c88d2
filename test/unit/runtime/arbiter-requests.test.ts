import { expect, test } from 'vitest';
import { type Arbiter, ArbiterUnreachableError } from '../../../src/arbiter/arbiter.js';
import type { ArbiterResult } from '../../../src/replica/types.js';
import { ArbiterRequests } from '../../../src/runtime/arbiter-requests.js';
import type { Timers } from '../../../src/runtime/ports.js';

/** Time that passes when it is told to. */
class Clock implements Timers {
  #nowMs = 0;
  readonly #due = new Set<{ atMs: number; run: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  every(): () => void {
    throw new Error('not used here');
  }

  after(ms: number, run: () => void): () => void {
    const entry = { atMs: this.#nowMs + ms, run };
    this.#due.add(entry);
    return () => this.#due.delete(entry);
  }

  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const entry of [...this.#due].sort((a, b) => a.atMs - b.atMs)) {
      if (entry.atMs > this.#nowMs || !this.#due.delete(entry)) continue;
      entry.run();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** An arbiter without a record that answers after `ms`. */
function slowArbiter(clock: Clock, ms: number): Arbiter {
  return {
    read: () => new Promise((resolve) => clock.after(ms, () => resolve(undefined))),
    compareAndSet: () => Promise.reject(new ArbiterUnreachableError('the disk is gone')),
  };
}

function ask(requests: ArbiterRequests): ArbiterResult[] {
  const results: ArbiterResult[] = [];
  requests.read((result) => results.push(result));
  return results;
}

test('an arbiter that takes five seconds is heard at the third attempt, and answers once each time', async () => {
  const clock = new Clock();
  const requests = new ArbiterRequests(slowArbiter(clock, 5_000), clock);
  const first = ask(requests);
  await clock.pass(2_000);
  expect(first).toEqual([{ kind: 'unreachable', message: 'no answer within 2000 ms' }]);
  const second = ask(requests);
  await clock.pass(4_000);
  expect(second).toEqual([{ kind: 'unreachable', message: 'no answer within 4000 ms' }]);
  const third = ask(requests);
  await clock.pass(5_000);
  expect(third).toEqual([{ kind: 'read', current: undefined }]);
  expect([first.length, second.length]).toEqual([1, 1]);
  // It has been heard: the next silence is noticed early again.
  const fourth = ask(requests);
  await clock.pass(2_000);
  expect(fourth).toEqual([{ kind: 'unreachable', message: 'no answer within 2000 ms' }]);
});

test('a failure is an answer', async () => {
  const clock = new Clock();
  const requests = new ArbiterRequests(slowArbiter(clock, 5_000), clock);
  const results: ArbiterResult[] = [];
  const record = { epoch: 1, members: [], live: 'a', service: 's' };
  requests.compareAndSet(0, record, (result) => results.push(result));
  await clock.pass(0);
  expect(results).toEqual([{ kind: 'unreachable', message: 'the disk is gone' }]);
  await clock.pass(60_000);
  expect(results).toHaveLength(1);
});
