/** A service that goes on from disk: who may, and what it knows. */
import { describe, expect, it } from 'vitest';
import type { ArbiterRecord } from '../../../src/arbiter/arbiter.js';
import { MemoryArbiter } from '../../../src/arbiter/memory.js';
import { EXIT_CODES } from '../../../src/replica/exit-codes.js';
import { decideRecovery, isEndOfService } from '../../../src/replica/recovery.js';
import { Driven } from './support.js';

const SELF = { id: 'a', incarnation: 'a2' };
const A1 = { id: 'a', incarnation: 'a1' };
const B1 = { id: 'b', incarnation: 'b1' };
const FOUND = { event: 100, epoch: 3, writers: [A1] };

function recordOf(members: ArbiterRecord['members'], live: string, epoch = 3): ArbiterRecord {
  return { epoch, members, live, service: 'kv' };
}

function arbiterWith(record: ArbiterRecord): MemoryArbiter {
  const arbiter = new MemoryArbiter();
  arbiter.apply(0, record);
  return arbiter;
}

describe('a recovery', () => {
  it('claims the epoch behind the newest that anybody has heard of', () => {
    const state = { generation: 7, record: recordOf([A1, B1], 'a') };
    expect(decideRecovery(SELF, 'kv', state, FOUND)).toMatchObject({
      kind: 'claim',
      expectedGeneration: 7,
      record: { epoch: 4, members: [SELF], live: 'a' },
    });
    expect(decideRecovery(SELF, 'kv', undefined, FOUND)).toMatchObject({ expectedGeneration: 0, record: { epoch: 4 } });
  });

  it('may take over the directory of a backup, and one that somebody else has begun to recover', () => {
    const state = { generation: 7, record: recordOf([A1, B1], 'b') };
    expect(decideRecovery(SELF, 'kv', state, FOUND).kind).toBe('claim');
    const third = { id: 'a', incarnation: 'a0' };
    expect(decideRecovery(SELF, 'kv', state, { ...FOUND, writers: [third, A1, SELF] }).kind).toBe('claim');
  });

  it('refuses a directory that others have left behind, and other services', () => {
    const stale = { generation: 9, record: recordOf([B1], 'b', 4) };
    expect(decideRecovery(SELF, 'kv', stale, FOUND)).toMatchObject({
      kind: 'refuse',
      reason: expect.stringMatching(/ends with event 100, as a knew it; since then b was live, in epoch 4/),
    });
    const foreign = { generation: 9, record: { ...recordOf([A1], 'a'), service: 'web' } };
    expect(decideRecovery(SELF, 'kv', foreign, FOUND)).toMatchObject({ reason: expect.stringMatching(/"web"/) });
  });

  it('knows all that was released if it was the live replica that wrote', () => {
    expect(isEndOfService(recordOf([A1, B1], 'a'), FOUND)).toBe(true);
    expect(isEndOfService(recordOf([A1, B1], 'b'), FOUND)).toBe(false);
    // It had won, but not written that behind what it had received.
    expect(isEndOfService(recordOf([A1], 'a'), { ...FOUND, epoch: 0 })).toBe(false);
    expect(isEndOfService(undefined, FOUND)).toBe(true);
  });
});

describe('a primary with something to recover', () => {
  const record = recordOf([A1, B1], 'a');
  const found = { incarnation: 'a2', minBackups: 0, recovered: FOUND };

  it('has its guest replay, and is live when that is done', () => {
    const driven = new Driven(found, arbiterWith(record));
    const recover = driven.effects.find(({ type }) => type === 'recover');
    expect(recover).toEqual({ type: 'recover', complete: true });
    expect(driven.effects.some(({ type }) => type === 'start-guest')).toBe(false);
    expect(driven.effects.filter(({ type }) => type === 'release')).toEqual([{ type: 'release', event: 100 }]);
    const live = driven.step({ type: 'guest-live' });
    expect(live).toContainEqual(expect.objectContaining({ name: 'go-live', fields: { epoch: 4, lastEvent: 100 } }));
    expect(driven.log(101, 102)).toContainEqual({ type: 'release', event: 102 });
  });

  it('stops when the replay goes another way', () => {
    const driven = new Driven(found, arbiterWith(record));
    const effects = driven.step({ type: 'guest-diverged', report: 'entry 7' });
    expect(effects.at(-1)).toMatchObject({ type: 'stop', exitCode: EXIT_CODES.divergence, mayRejoin: false });
  });

  it('stops when the directory is not the last word', () => {
    const driven = new Driven(found, arbiterWith(recordOf([B1], 'b', 9)));
    expect(driven.effects.at(-1)).toMatchObject({ type: 'stop', exitCode: EXIT_CODES.lostEpoch, mayRejoin: false });
  });

  it('stops when its disk fails, so that a backup takes over', () => {
    const driven = new Driven(found, arbiterWith(record));
    const effects = driven.step({ type: 'durable-failed', reason: 'no space left' });
    expect(effects.at(-1)).toMatchObject({ type: 'stop', exitCode: EXIT_CODES.durable, reason: 'no space left' });
  });
});
