/** Which of several backups claims the epoch: the one with the most of the log, and none waits for ever. */
import { describe, expect, test } from 'vitest';
import { MemoryArbiter } from '../../../src/arbiter/memory.js';
import type { Message } from '../../../src/replica/messages.js';
import { Driven, eventsIn, only } from './support.js';

const members = ['a', 'b', 'c'].map((id) => ({ id, incarnation: `${id}1`, address: `${id}:1` }));
const PRIMARY = 1;
const OTHER = 2;
const TIMING = { heartbeatMs: 50, failureTimeoutMs: 500 };

/** Backup b, which has the log up to event 5; the record names c as well. */
function following(fields: { acks?: number } = {}): Driven {
  const arbiter = new MemoryArbiter();
  const own = { id: 'b', incarnation: 'b1', logAddress: 'b:1', role: 'backup', primaryAddress: 'a:1' } as const;
  const replica = new Driven({ ...own, ...TIMING }, arbiter);
  arbiter.apply(0, { epoch: 2, members, live: 'a', service: 'kv', ...fields });
  replica.step({ type: 'peer-connected', peer: PRIMARY, dialled: true, address: 'a:1' });
  const welcome = { type: 'welcome', epoch: 1, id: 'a', incarnation: 'a1', firstEvent: 1, reign: 1, history: [] };
  replica.receive(PRIMARY, welcome as Message);
  replica.receive(PRIMARY, { type: 'configured', epoch: 2, members });
  const batch = new Uint8Array(3);
  replica.receive(PRIMARY, { type: 'append', epoch: 2, firstEvent: 1, lastEvent: 5, counter: 500, batch });
  return replica;
}

/** The primary's process has died. */
function bereaved(fields: { acks?: number } = {}, replica = following(fields)): Driven {
  replica.step({ type: 'peer-closed', peer: PRIMARY, reason: 'ended' });
  replica.step({ type: 'probe-result', address: 'a:1', gone: true });
  return replica;
}

function position(event: number): Message {
  const primary = { id: 'a', incarnation: 'a1' };
  return { type: 'position', ...members[2]!, epoch: 2, logEnd: { reign: 1, event }, primary };
}

function connect(replica: Driven): void {
  replica.step({ type: 'peer-connected', peer: OTHER, dialled: true, address: 'c:1' });
}

function live({ arbiter }: Driven): string | undefined {
  return arbiter.state?.record.live;
}

describe('a backup among others, where output waited for all', () => {
  test('tells where its log ends before it claims', () => {
    const replica = bereaved();
    expect(live(replica)).toBe('a');
    expect(only(replica.effects, 'connect')).toContainEqual({ type: 'connect', address: 'c:1' });
    connect(replica);
    const told = only(replica.effects, 'send').filter(({ message }) => message.type === 'position');
    expect(told).toMatchObject([{ peer: OTHER, message: { id: 'b', logEnd: { reign: 1, event: 5 } } }]);
    expect(eventsIn(replica.effects)).not.toContain('claim-waiting');
  });

  test.each([4, 5])('claims at once when the other one ends at event %d', (event) => {
    const replica = bereaved();
    replica.receive(OTHER, position(event));
    expect(replica.arbiter.state?.record).toMatchObject({ live: 'b', members: [{ id: 'b' }, { id: 'c' }] });
  });

  test('claims at once when the other one cannot be reached', () => {
    const replica = bereaved();
    replica.step({ type: 'connect-failed', address: 'c:1', reason: 'connection refused' });
    expect(live(replica)).toBe('b');
  });

  test('claims at once when it has heard of the other one before', () => {
    const replica = following();
    replica.receive(OTHER, position(5));
    expect(live(bereaved({}, replica))).toBe('b');
  });

  test('waits two heartbeats for one that says nothing', () => {
    const replica = bereaved();
    connect(replica);
    replica.pass(2 * TIMING.heartbeatMs - 1);
    expect(live(replica)).toBe('a');
    replica.pass(1);
    expect(live(replica)).toBe('b');
  });

  test('leaves the epoch to one that has more, and says so once', () => {
    const replica = bereaved();
    replica.receive(OTHER, position(6));
    replica.pass(2 * TIMING.heartbeatMs);
    expect(live(replica)).toBe('a');
    expect(eventsIn(replica.effects).filter((name) => name === 'claim-deferred')).toHaveLength(1);
  });

  test('claims when the one that has more dies', () => {
    const replica = bereaved();
    replica.receive(OTHER, position(6));
    replica.step({ type: 'peer-closed', peer: OTHER, reason: 'ended' });
    replica.step({ type: 'connect-failed', address: 'c:1', reason: 'connection refused' });
    expect(live(replica)).toBe('b');
  });

  test('claims when the one that has more does nothing for the failure timeout', () => {
    const replica = bereaved();
    replica.receive(OTHER, position(6));
    replica.pass(TIMING.failureTimeoutMs - 1);
    expect(live(replica)).toBe('a');
    replica.pass(1);
    expect(live(replica)).toBe('b');
  });

  test('follows the one that has more when that is live', () => {
    const replica = bereaved();
    replica.receive(OTHER, position(6));
    replica.arbiter.apply(1, { epoch: 3, members: [members[2]!, members[1]!], live: 'c', service: 'kv' });
    replica.step({ type: 'peer-closed', peer: OTHER, reason: 'the survey is over' });
    replica.pass(200);
    expect(live(replica)).toBe('c');
    expect(only(replica.effects, 'stop')).toEqual([]);
    expect(only(replica.effects, 'connect').at(-1)).toEqual({ type: 'connect', address: 'c:1' });
  });
});

describe('a backup among others, where output waited for one of two', () => {
  test('never claims before it has heard of the other one', () => {
    const replica = bereaved({ acks: 1 });
    replica.step({ type: 'connect-failed', address: 'c:1', reason: 'connection refused' });
    replica.pass(10 * TIMING.failureTimeoutMs);
    expect(live(replica)).toBe('a');
    expect(eventsIn(replica.effects)).toContain('claim-waiting');
    replica.receive(OTHER, position(5));
    expect(live(replica)).toBe('b');
  });

  test('never claims while the other one has more', () => {
    const replica = bereaved({ acks: 1 });
    replica.receive(OTHER, position(6));
    replica.pass(10 * TIMING.failureTimeoutMs);
    expect(live(replica)).toBe('a');
  });

  test('goes by the record that it replaces, should that have changed meanwhile', () => {
    const replica = bereaved({ acks: 1 });
    const more = { id: 'd', incarnation: 'd1', address: 'd:1' };
    replica.arbiter.apply(1, { epoch: 3, members: [...members, more], live: 'a', service: 'kv', acks: 1 });
    replica.receive(OTHER, position(5));
    // d may have acknowledged what neither b nor c has.
    expect(live(replica)).toBe('a');
  });
});
