import { describe, expect, test } from 'vitest';
import type { ArbiterRecord } from '../../../src/arbiter/arbiter.js';
import { ArbiterSession, type ProposalOutcome } from '../../../src/replica/arbiter-session.js';
import { Context } from '../../../src/replica/context.js';
import { configOf, eventsIn, only } from './support.js';

const ours: ArbiterRecord = { epoch: 2, members: [{ id: 'a', incarnation: 'a1' }], live: 'a', service: 'kv' };
const theirs: ArbiterRecord = { ...ours, live: 'b', members: [{ id: 'b', incarnation: 'b1' }] };

function session() {
  const context = new Context(configOf());
  context.nowMs = 1_000;
  const arbiter = new ArbiterSession(context);
  const outcomes: ProposalOutcome[] = [];
  const propose = (): void => arbiter.propose(1, ours, (outcome) => outcomes.push(outcome));
  const pass = (ms: number): void => {
    context.nowMs += ms;
    arbiter.tick();
  };
  return { context, arbiter, outcomes, propose, pass };
}

const unreachable = { kind: 'unreachable', message: 'timed out' } as const;

describe('a compare-and-set whose outcome is unknown', () => {
  test('is repeated unchanged, and won if the record turns out to be ours', () => {
    const { context, arbiter, outcomes, propose, pass } = session();
    propose();
    arbiter.onResult(1, unreachable);
    pass(10);
    expect(only(context.take(), 'arbiter-cas').map(({ requestId, record }) => [requestId, record])).toEqual([
      [1, ours],
      [2, ours],
    ]);
    const current = { generation: 2, record: { ...ours } };
    arbiter.onResult(2, { kind: 'lost', current });
    expect(outcomes).toEqual([{ won: true, state: current }]);
  });

  test('is lost if the record turns out to be of somebody else', () => {
    const { arbiter, outcomes, propose, pass } = session();
    propose();
    arbiter.onResult(1, unreachable);
    pass(10);
    const current = { generation: 2, record: theirs };
    arbiter.onResult(2, { kind: 'lost', current });
    expect(outcomes).toEqual([{ won: false, current }]);
  });

  test('another incarnation of this replica is somebody else', () => {
    const { arbiter, outcomes, propose } = session();
    propose();
    const current = { generation: 2, record: { ...ours, members: [{ id: 'a', incarnation: 'a0' }] } };
    arbiter.onResult(1, { kind: 'lost', current });
    expect(outcomes).toMatchObject([{ won: false }]);
  });
});

test('retries come at doubling intervals, up to a second', () => {
  const { context, arbiter, propose } = session();
  propose();
  const intervals: number[] = [];
  for (let requestId = 1; requestId <= 10; requestId++) {
    arbiter.onResult(requestId, unreachable);
    const fromMs = context.nowMs;
    context.take();
    while (only(context.take(), 'arbiter-cas').length === 0) {
      context.nowMs += 1;
      arbiter.tick();
    }
    intervals.push(context.nowMs - fromMs - 1);
  }
  expect(intervals.map((interval) => interval + 1)).toEqual([10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000]);
});

test('trouble is reported once, and so is its end', () => {
  const { context, arbiter, propose, pass } = session();
  propose();
  for (let requestId = 1; requestId <= 3; requestId++) {
    arbiter.onResult(requestId, unreachable);
    pass(100);
  }
  arbiter.onResult(4, { kind: 'won', generation: 2 });
  expect(eventsIn(context.take())).toEqual(['arbiter-unreachable', 'arbiter-reachable']);
});

test('late answers to earlier attempts are ignored', () => {
  const { arbiter, outcomes, propose, pass } = session();
  propose();
  arbiter.onResult(1, unreachable);
  arbiter.onResult(1, { kind: 'won', generation: 2 });
  pass(10);
  arbiter.onResult(1, { kind: 'won', generation: 2 });
  expect(outcomes).toEqual([]);
});

test('an arbiter that never worked stops the replica; one that did is retried', () => {
  const unusable = { kind: 'unusable', message: 'the directory does not exist' } as const;
  const fresh = session();
  fresh.propose();
  fresh.arbiter.onResult(1, unusable);
  expect(only(fresh.context.take(), 'stop')).toMatchObject([{ exitCode: 75, reason: unusable.message }]);

  const proven = session();
  proven.arbiter.read(() => {});
  proven.arbiter.onResult(1, { kind: 'read', current: undefined });
  proven.propose();
  proven.arbiter.onResult(2, unusable);
  expect(proven.context.stopped).toBe(false);
  proven.pass(10);
  expect(only(proven.context.take(), 'arbiter-cas')).toHaveLength(2);
});

test('a compare-and-set replaces an unanswered read, but not another compare-and-set', () => {
  const { arbiter, propose, outcomes } = session();
  arbiter.read(() => expect.unreachable());
  propose();
  arbiter.onResult(1, { kind: 'read', current: undefined });
  expect(propose).toThrow(/must be settled/);
  arbiter.onResult(2, { kind: 'won', generation: 2 });
  expect(outcomes).toHaveLength(1);
});
