/** The pure decisions: who may start, who may claim, who may join. */
import { describe, expect, test } from 'vitest';
import type { ArbiterRecord, ArbiterState, Member } from '../../../src/arbiter/arbiter.js';
import { type Claimant, decideClaim, decideStart } from '../../../src/replica/failover.js';
import { checkHello, compareManifests } from '../../../src/replica/handshake.js';
import type { Hello } from '../../../src/replica/messages.js';
import { configOf, hello } from './support.js';

const a: Member = { id: 'a', incarnation: 'a2' };
const earlier: Member = { id: 'a', incarnation: 'a1' };
const b: Member = { id: 'b', incarnation: 'b1' };
const c: Member = { id: 'c', incarnation: 'c1' };

function state(members: readonly Member[], more: Partial<ArbiterRecord> = {}): ArbiterState {
  return { generation: 7, record: { epoch: 5, members, live: members[0]?.id ?? '', service: 'kv', ...more } };
}

describe('a primary starts', () => {
  test.each([
    ['without a record', undefined, 0, 1],
    ['over its own solo record', state([earlier]), 7, 6],
    ['over an ended record of others', state([b], { ended: true }), 7, 6],
  ])('%s', (_, current, expectedGeneration, epoch) => {
    const record = { epoch, members: [a], live: 'a', service: 'kv' };
    expect(decideStart(a, 'kv', current)).toEqual({ kind: 'claim', expectedGeneration, record });
  });

  test.each([
    ['a backup may take over', state([earlier, b]), /a is live and that b may take over/],
    ['the backup has taken over', state([b]), /b is live and that b may take over/],
  ])('no service but joins one when %s', (_, current, reason) => {
    expect(decideStart(a, 'kv', current)).toMatchObject({ kind: 'running', reason: expect.stringMatching(reason) });
  });

  test('nothing when the record belongs to another service', () => {
    const decision = decideStart(a, 'kv', state([earlier], { service: 'queue' }));
    expect(decision).toMatchObject({ kind: 'refuse', reason: expect.stringMatching(/belongs to the service "queue"/) });
  });
});

function claimant(options: Partial<Claimant> = {}): Claimant {
  return { self: b, service: 'kv', lost: a, complete: () => [], ...options };
}

describe('a backup claims the epoch', () => {
  test('as a member', () => {
    const record = { epoch: 6, members: [b], live: 'b', service: 'kv' };
    expect(decideClaim(claimant(), state([a, b]))).toEqual({ kind: 'claim', expectedGeneration: 7, record });
  });

  test.each([
    ['as a stranger', state([a, c]), 'lost'],
    ['when another one was faster', state([c, b]), 'superseded'],
    ['from a primary that was started again', state([earlier, b]), 'superseded'],
    ['as another incarnation of a member', state([a, { id: 'b', incarnation: 'b0' }]), 'lost'],
    ['without a record', undefined, 'lost'],
    ['of an ended service', state([a, b], { ended: true }), 'ended'],
    ['of another service', state([a, b], { service: 'queue' }), 'foreign'],
  ])('not %s', (_, current, kind) => {
    expect(decideClaim(claimant(), current).kind).toBe(kind);
  });
});

describe('a backup of a record that asks for fewer acknowledgements than it has backups', () => {
  const current = state([a, b, { id: 'c', incarnation: 'c1' }], { acks: 1 });

  test('looks around first', () => {
    expect(decideClaim(claimant({ complete: () => undefined }), current)).toEqual({
      kind: 'survey',
      found: current,
    });
  });

  test('claims once it is known to have everything', () => {
    const decision = decideClaim(claimant(), current);
    expect(decision).toMatchObject({ kind: 'claim', record: { members: [b], live: 'b' } });
    expect(decision).not.toHaveProperty('record.acks');
  });

  test('names those who are known to have everything, too', () => {
    const decision = decideClaim(claimant({ complete: () => [c] }), current);
    expect(decision).toMatchObject({ kind: 'claim', record: { members: [b, c], live: 'b' } });
    expect(decision).not.toHaveProperty('record.acks');
  });
});

describe('a replica that says hello', () => {
  const config = configOf();
  const said = (fields: Partial<Hello>): Hello => ({ ...(hello('b') as Hello), ...fields });

  test('is welcome when everything is equal', () => {
    expect(checkHello(config, said({}))).toBeUndefined();
  });

  test.each([
    ['protocol-version', said({ protocolVersion: 1 }), /protocol version 3, b version 1/],
    ['service-mismatch', said({ service: 'queue' }), /serves "kv", b wants "queue"/],
    ['duplicate-id', said({ id: 'a' }), /both replicas are called "a"/],
    ['manifest-mismatch', said({ manifest: { module: 'm2' } }), /module is m1 on a but m2 on b/],
    ['manifest-mismatch', said({ manifest: { module: 'm1', env: 'X' } }), /env is \(absent\) on a but X on b/],
  ])('%s', (code, message, reason) => {
    const refusal = checkHello(config, message);
    expect(refusal?.code).toBe(code);
    expect(refusal?.reason).toMatch(reason);
  });

  test('facts that differ are named, in order', () => {
    const ours = { module: 'm1', args: '[]', env: 'A', toString: 'x' };
    const theirs = { env: 'B', args: '[]', module: 'm2', limits: '1' };
    expect(compareManifests(ours, theirs)).toEqual(['env', 'limits', 'module', 'toString']);
    expect(compareManifests(ours, { ...ours })).toEqual([]);
  });
});
