import { describe, expect, test } from 'vitest';
import type { Message } from '../../../src/replica/messages.js';
import type { ReplicaConfig } from '../../../src/replica/types.js';
import { Driven, eventsIn, heartbeat, hello, only, sentIn } from './support.js';

const members = [
  { id: 'a', incarnation: 'a1', address: 'a:1' },
  { id: 'b', incarnation: 'b1', address: 'b:1' },
];

function backup(options: Partial<ReplicaConfig> = {}): Driven {
  const own = { id: 'b', incarnation: 'b1', logAddress: 'b:1', role: 'backup', primaryAddress: 'a:1' } as const;
  return new Driven({ ...own, ...options });
}

/** Joined on connection 1; the record has both as members. */
function joined(options: Partial<ReplicaConfig> = {}): Driven {
  const replica = backup(options);
  replica.arbiter.apply(0, { epoch: 1, members: members.slice(0, 1), live: 'a', service: 'kv' });
  replica.arbiter.apply(1, { epoch: 2, members, live: 'a', service: 'kv' });
  replica.step({ type: 'peer-connected', peer: 1, dialled: true, address: 'a:1' });
  replica.receive(1, { type: 'welcome', epoch: 1, id: 'a', incarnation: 'a1', firstEvent: 1, reign: 1, history: [] });
  replica.receive(1, { type: 'configured', epoch: 2, members });
  return replica;
}

function append(firstEvent: number, lastEvent: number, epoch = 2): Message {
  return { type: 'append', epoch, firstEvent, lastEvent, counter: lastEvent * 100, batch: new Uint8Array(3) };
}

describe('joining', () => {
  test('dials, and dials again at growing intervals', () => {
    const replica = backup();
    expect(only(replica.effects, 'connect')).toEqual([{ type: 'connect', address: 'a:1' }]);
    const dials: number[] = [];
    for (let count = 0; count < 4; count++) {
      replica.step({ type: 'connect-failed', address: 'a:1', reason: 'connection refused' });
      const fromMs = replica.nowMs;
      while (only(replica.pass(10), 'connect').length === 0);
      dials.push(replica.nowMs - fromMs);
    }
    expect(dials).toEqual([20, 40, 80, 160]);
    expect(eventsIn(replica.effects)).toEqual(['primary-unreachable']);
  });

  test('gives up after the join timeout and says why', () => {
    const replica = backup({ joinTimeoutMs: 500 });
    replica.step({ type: 'connect-failed', address: 'a:1', reason: 'connection refused' });
    expect(only(replica.pass(501), 'stop')).toMatchObject([
      { exitCode: 76, reason: 'not joined to the primary at a:1 within 500 ms: connection refused' },
    ]);
  });

  test.each([
    ['manifest-mismatch', 74],
    ['not-capturable', 74],
    ['protocol-version', 74],
  ] as const)('%s is final', (code, exitCode) => {
    const replica = backup();
    replica.step({ type: 'peer-connected', peer: 1, dialled: true, address: 'a:1' });
    const effects = replica.receive(1, { type: 'refuse', epoch: 1, code, reason: 'because' });
    expect(only(effects, 'stop')).toMatchObject([{ exitCode, reason: 'refused by a:1: because' }]);
  });

  test('other refusals are tried again', () => {
    const replica = backup();
    replica.step({ type: 'peer-connected', peer: 1, dialled: true, address: 'a:1' });
    replica.receive(1, { type: 'refuse', epoch: 1, code: 'duplicate-id', reason: 'because' });
    expect(only(replica.pass(30), 'connect')).toHaveLength(1);
  });

  test('refuses whoever dials it, naming the primary', () => {
    const replica = joined();
    replica.step({ type: 'peer-connected', peer: 2, dialled: false });
    const effects = replica.receive(2, hello('c'));
    expect(sentIn(effects)).toMatchObject([{ type: 'refuse', code: 'not-primary' }]);
    expect(only(effects, 'close')).toMatchObject([{ peer: 2 }]);
  });

  test('an arbiter that does not show the record of the primary is another arbiter', () => {
    const replica = backup();
    replica.step({ type: 'peer-connected', peer: 1, dialled: true, address: 'a:1' });
    replica.receive(1, { type: 'welcome', epoch: 1, id: 'a', incarnation: 'a1', firstEvent: 1, reign: 1, history: [] });
    replica.receive(1, { type: 'configured', epoch: 2, members });
    for (let count = 0; count < 100; count++) {
      replica.step({ type: 'heartbeat', message: heartbeat('a', { sentMs: count + 1 }) });
      replica.pass(50);
    }
    expect(only(replica.effects, 'stop')).toMatchObject([{ exitCode: 75 }]);
    expect(only(replica.effects, 'stop')[0]?.reason).toContain('both must use the same arbiter');
  });
});

describe('following', () => {
  test('acknowledges on receipt, before execution', () => {
    const replica = joined();
    expect(sentIn(replica.receive(1, append(1, 4)))).toMatchObject([
      { type: 'ack', receivedEvent: 4, executed: { event: 0 } },
    ]);
    replica.step({ type: 'executed', position: { event: 4, counter: 400 } });
    expect(sentIn(replica.receive(1, append(5, 5)))).toMatchObject([{ receivedEvent: 5, executed: { event: 4 } }]);
  });

  test.each([
    ['a gap', append(2, 3)],
    ['a repetition', append(0, 1)],
    ['an old epoch', append(1, 1, 1)],
    ['a hand-over at another event', { type: 'handover', epoch: 2, generation: 2, lastEvent: 9 }],
    ['a message that backups send', { type: 'leaving', epoch: 2 }],
  ] as [string, Message][])('%s in the log means that the primary has failed', (_, message) => {
    const replica = joined();
    const effects = replica.receive(1, message);
    expect(only(effects, 'close')).toHaveLength(1);
    expect(eventsIn(effects)).toEqual(['primary-lost']);
    expect(only(effects, 'append-to-guest')).toEqual([]);
  });

  test('echoes the newest time heard from the primary', () => {
    const replica = joined();
    replica.step({ type: 'heartbeat', message: heartbeat('a', { sentMs: 700 }) });
    replica.step({ type: 'heartbeat', message: heartbeat('a', { sentMs: 600 }) });
    expect(only(replica.pass(20), 'heartbeat')).toMatchObject([{ address: 'a:1', message: { echoMs: 700 } }]);
  });

  test('heartbeats of others neither renew the promise nor keep the primary alive', () => {
    const replica = joined();
    const foreign = [{ ...heartbeat('a', { sentMs: 900 }), incarnation: 'a2' }, heartbeat('c', { sentMs: 900 })];
    for (let count = 0; count < 4; count++) {
      for (const message of foreign) replica.step({ type: 'heartbeat', message });
      replica.pass(60);
    }
    expect(only(replica.effects, 'heartbeat').every((effect) => effect.message.echoMs === 0)).toBe(true);
    expect(eventsIn(replica.effects)).toContain('epoch-won');
  });
});

describe('when the connection ends', () => {
  test('a refused probe is proof: the epoch is claimed at once', () => {
    const replica = joined();
    expect(only(replica.step({ type: 'peer-closed', peer: 1, reason: 'reset' }), 'probe')).toHaveLength(1);
    expect(eventsIn(replica.step({ type: 'probe-result', address: 'a:1', gone: true }))).toEqual(['epoch-won']);
    expect(only(replica.effects, 'go-live')).toHaveLength(1);
  });

  test('otherwise the failure timeout must pass, and no promise is renewed meanwhile', () => {
    const replica = joined();
    replica.pass(20);
    replica.step({ type: 'peer-closed', peer: 1, reason: 'reset' });
    replica.step({ type: 'probe-result', address: 'a:1', gone: false });
    const waiting = [replica.pass(90), replica.pass(80)].flat();
    expect(only(waiting, 'heartbeat')).toEqual([]);
    expect(only(waiting, 'arbiter-read')).toEqual([]);
    expect(eventsIn(replica.pass(40))).toEqual(['peer-silent', 'epoch-won']);
  });

  test('SIGTERM just after winning waits until the log is consumed: its outputs are promised', () => {
    const replica = joined();
    replica.receive(1, append(1, 4));
    replica.step({ type: 'peer-closed', peer: 1, reason: 'reset' });
    replica.step({ type: 'probe-result', address: 'a:1', gone: true });
    expect(replica.step({ type: 'shutdown' })).toEqual([]);
    expect(only(replica.step({ type: 'guest-live' }), 'stop-guest')).toHaveLength(1);
    expect(only(replica.step({ type: 'outputs-left', event: 4 }), 'stop')).toMatchObject([{ exitCode: 0 }]);
    expect(replica.arbiter.state?.record.ended).toBe(true);
  });

  test('an ended service is not taken over', () => {
    const replica = joined();
    replica.arbiter.apply(2, { epoch: 3, members: members.slice(0, 1), live: 'a', service: 'kv', ended: true });
    replica.step({ type: 'guest-exit', outcome: { exitCode: 9, description: 'exited with code 9' } });
    replica.step({ type: 'peer-closed', peer: 1, reason: 'closed' });
    const effects = replica.step({ type: 'probe-result', address: 'a:1', gone: true });
    expect(only(effects, 'stop')).toMatchObject([{ exitCode: 9 }]);
    expect(only(effects, 'go-live')).toEqual([]);
  });

  test('a divergence after that still ends the claim', () => {
    const replica = joined();
    replica.step({ type: 'peer-closed', peer: 1, reason: 'closed' });
    const effects = replica.step({ type: 'guest-diverged', report: 'event 3 differs' });
    expect(only(effects, 'stop')).toMatchObject([{ exitCode: 73, reason: 'event 3 differs' }]);
  });
});
