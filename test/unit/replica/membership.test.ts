import { expect, test } from 'vitest';
import type { Member } from '../../../src/arbiter/arbiter.js';
import { ArbiterSession } from '../../../src/replica/arbiter-session.js';
import { Context } from '../../../src/replica/context.js';
import { Membership } from '../../../src/replica/membership.js';
import type { ReplicaConfig } from '../../../src/replica/types.js';
import { configOf, only } from './support.js';

const a: Member = { id: 'a', incarnation: 'a1', address: 'a:1' };
const b: Member = { id: 'b', incarnation: 'b1' };
const c: Member = { id: 'c', incarnation: 'c1' };

function membershipOf(members: readonly Member[], options: Partial<ReplicaConfig> = {}) {
  const context = new Context(configOf(options));
  const arbiter = new ArbiterSession(context);
  const joined: string[] = [];
  const state = { generation: 5, record: { epoch: 5, members, live: 'a', service: 'kv' } };
  const membership = new Membership(context, arbiter, state, (news) => joined.push(...news.map(({ id }) => id)));
  return { context, arbiter, membership, joined };
}

test('output waits for a backup from the moment its record is proposed', () => {
  const { membership, arbiter, joined } = membershipOf([a, b]);
  expect(membership.configurations()).toEqual([{ backups: [b], required: 1 }]);
  membership.reconcile([b, c]);
  expect(membership.configurations()).toEqual([
    { backups: [b], required: 1 },
    { backups: [b, c], required: 2 },
  ]);
  arbiter.onResult(1, { kind: 'won', generation: 6 });
  expect(membership.configurations()).toEqual([{ backups: [b, c], required: 2 }]);
  expect(joined).toEqual(['c']);
});

test('output waits for a backup until the record without it is confirmed', () => {
  const { membership, arbiter } = membershipOf([a, b]);
  membership.reconcile([]);
  expect(membership.configurations()).toEqual([
    { backups: [b], required: 1 },
    { backups: [], required: 0 },
  ]);
  arbiter.onResult(1, { kind: 'won', generation: 6 });
  expect(membership.configurations()).toEqual([{ backups: [], required: 0 }]);
  expect(membership.isSolo).toBe(true);
  expect(membership.epoch).toBe(6);
});

test('fewer acknowledgements than backups are a fact of the record; as many are not', () => {
  const { membership, arbiter, context } = membershipOf([a, b], { acks: 1 });
  membership.reconcile([b, c]);
  expect(context.take()).toMatchObject([{ type: 'arbiter-cas', record: { acks: 1 } }]);
  arbiter.onResult(1, { kind: 'won', generation: 6 });
  expect(membership.configurations()).toEqual([{ backups: [b, c], required: 1 }]);
  membership.reconcile([c]);
  const [proposal] = only(context.take(), 'arbiter-cas');
  expect(proposal?.record.members).toEqual([a, c]);
  expect(proposal?.record).not.toHaveProperty('acks');
});

test('the same id in another incarnation is another member', () => {
  const { membership, context } = membershipOf([a, b]);
  membership.reconcile([{ id: 'b', incarnation: 'b2' }]);
  const [proposal] = context.take();
  expect(proposal).toMatchObject({ type: 'arbiter-cas', record: { epoch: 6, members: [a, { incarnation: 'b2' }] } });
});

test('nothing is written while the record says what it should', () => {
  const { membership, context } = membershipOf([a, b, c]);
  membership.reconcile([c, b]);
  expect(context.take()).toEqual([]);
});

test('a lost compare-and-set is the end', () => {
  const { membership, arbiter, context } = membershipOf([a, b]);
  membership.reconcile([]);
  const record = { epoch: 6, members: [b], live: 'b', service: 'kv' };
  arbiter.onResult(1, { kind: 'lost', current: { generation: 6, record } });
  expect(context.stopped).toBe(true);
  expect(context.take().at(-1)).toMatchObject({ type: 'stop', exitCode: 72 });
});
