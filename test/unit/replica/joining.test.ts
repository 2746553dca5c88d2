/** Joins of a running guest, one side at a time; what both sides say to each other is in test/scenario. */
import { describe, expect, test } from 'vitest';
import { MemoryArbiter } from '../../../src/arbiter/memory.js';
import type { Effect, ReplicaConfig } from '../../../src/replica/types.js';
import { ack, Driven, eventsIn, heartbeat, hello, only, sentIn } from './support.js';

/** A primary that runs alone, in epoch 1, and has released events 1 to 3. */
function alone(options: Partial<ReplicaConfig> = {}): Driven {
  const primary = new Driven({ minBackups: 0, ...options });
  primary.log(1, 3);
  return primary;
}

/** Newcomer b on connection 1 is taken in. */
function joining(options: Partial<ReplicaConfig> = {}): Driven {
  const primary = alone(options);
  primary.step({ type: 'peer-connected', peer: 1, dialled: false });
  primary.receive(1, hello('b'));
  return primary;
}

const state = (bytes: number, last = false) =>
  ({ type: 'state', capture: 1, piece: new Uint8Array(bytes), last }) as const;
const captured = { type: 'captured', capture: 1, event: 3, counter: 301, outputs: new Uint8Array(2) } as const;

/** The newcomer has its state, and has acknowledged it. */
function transferred(options: Partial<ReplicaConfig> = {}): Driven {
  const primary = joining(options);
  primary.step(captured);
  primary.step(state(100, true));
  primary.receive(1, { type: 'state-ack', epoch: 1, bytes: 100 });
  return primary;
}

/** A heartbeat of the newcomer, whose guest has come to `executed`; with a fresh echo unless told otherwise. */
function beat(primary: Driven, executed: number, echoMs = primary.nowMs): Effect[] {
  return primary.receive(1, heartbeat('b', { epoch: 1, sentMs: primary.nowMs, echoMs, executed }));
}

const recorded = (effects: readonly Effect[]) =>
  only(effects, 'arbiter-cas').map(({ record }) => record.members.length);

describe('a primary takes a newcomer', () => {
  test('when it is caught up, and not before its guest runs', () => {
    const primary = transferred();
    expect(recorded(primary.pass(100))).toEqual([]);
    expect(recorded(beat(primary, 3))).toEqual([2]);
    expect(only(primary.log(4, 4), 'release')).toEqual([]);
    expect(only(primary.receive(1, ack(4, 3)), 'release')).toMatchObject([{ event: 4 }]);
  });

  test('and lets output wait for it as soon as it has caught up, before the record is written', () => {
    const primary = transferred();
    primary.arbiterAnswers = false;
    beat(primary, 3);
    expect(only(primary.log(4, 4), 'release')).toEqual([]);
  });

  test('only with everything that was released without it', () => {
    const primary = transferred();
    primary.log(4, 9);
    expect(recorded(beat(primary, 3))).toEqual([]);
    // What it is seen to lack is still released alone; from then on nothing is.
    expect(only(primary.log(10, 10), 'release')).toMatchObject([{ event: 10 }]);
    expect(recorded(primary.receive(1, ack(9, 3, 1)))).toEqual([]);
    expect(only(primary.log(11, 11), 'release')).toEqual([]);
    expect(recorded(primary.receive(1, ack(10, 3, 1)))).toEqual([2]);
  });

  test('only while it is heard: after a sleep, old acknowledgements come first', () => {
    const primary = transferred();
    const before = primary.nowMs;
    primary.nowMs += 10_000;
    expect(recorded(beat(primary, 3, before))).toEqual([]);
    expect(only(primary.log(4, 4), 'release')).toHaveLength(1);
    primary.receive(1, ack(4, 3, 1));
    expect(recorded(beat(primary, 4))).toEqual([2]);
  });

  test('one at a time, and no more than it wants', () => {
    const primary = joining({ backups: 2 });
    for (const peer of [2, 3]) {
      primary.step({ type: 'peer-connected', peer, dialled: false });
      primary.receive(peer, hello(`c${peer}`));
    }
    expect(only(primary.effects, 'capture')).toHaveLength(1);
    primary.step(captured);
    primary.step(state(100, true));
    const effects = primary.receive(1, { type: 'state-ack', epoch: 1, bytes: 100 });
    expect(only(effects, 'capture')).toMatchObject([{ capture: 2 }]);
    primary.step({ ...captured, capture: 2 });
    primary.step({ ...state(100, true), capture: 2 });
    expect(only(primary.receive(2, { type: 'state-ack', epoch: 1, bytes: 100 }), 'capture')).toEqual([]);
  });

  test('and passes credit on, as far as it was acknowledged', () => {
    const primary = joining();
    primary.step(state(60));
    primary.step(state(60));
    expect(only(primary.receive(1, { type: 'state-ack', epoch: 1, bytes: 60 }), 'state-credit')).toMatchObject([
      { bytes: 60 },
    ]);
    expect(only(primary.receive(1, { type: 'state-ack', epoch: 1, bytes: 60 }), 'state-credit')).toEqual([]);
    const effects = primary.receive(1, { type: 'state-ack', epoch: 1, bytes: 500 });
    expect(only(effects, 'close')).toMatchObject([{ reason: 'it acknowledged 500 bytes of state, but was sent 120' }]);
    expect(only(effects, 'cancel-capture')).toHaveLength(1);
  });

  test('and gives it up when it acknowledges no state for ten failure timeouts', () => {
    const primary = joining();
    primary.step(state(60));
    const events: string[] = [];
    for (let waited = 0; waited <= 2_100; waited += 50) {
      beat(primary, 0);
      events.push(...eventsIn(primary.pass(50)));
    }
    expect(events).toEqual(['backup-lost', 'transfer-failed']);
    expect(only(primary.effects, 'close').at(-1)?.reason).toMatch(/^it has acknowledged no state for 20\d\d ms$/);
  });

  test('and gives it up when its guest does not start within the join timeout', () => {
    const primary = transferred({ joinTimeoutMs: 400 });
    for (let waited = 0; waited < 450; waited += 50) {
      beat(primary, 0);
      primary.pass(50);
    }
    expect(only(primary.effects, 'close')).toMatchObject([{ reason: 'its guest has not started' }]);
  });

  test('never while the service ends', () => {
    const primary = joining();
    primary.step(state(60));
    expect(only(primary.step({ type: 'shutdown' }), 'cancel-capture')).toHaveLength(1);
    expect(primary.step(state(60, true)).filter(({ type }) => type === 'send')).toEqual([]);
  });
});

/** A standby b that has been told to stand by on connection 1, by the primary of record 1. */
function standby(options: Partial<ReplicaConfig> = {}): Driven {
  const arbiter = new MemoryArbiter();
  arbiter.apply(0, { epoch: 1, members: [{ id: 'a', incarnation: 'a1', address: 'a:1' }], live: 'a', service: 'kv' });
  const replica = new Driven({ id: 'b', incarnation: 'b1', logAddress: 'b:1', role: 'standby', ...options }, arbiter);
  dialled(replica, 1);
  return replica;
}

function dialled(replica: Driven, peer: number, firstEvent: 0 | 1 = 0): Effect[] {
  replica.step({ type: 'peer-connected', peer, dialled: true, address: 'a:1' });
  return replica.receive(peer, {
    type: 'welcome',
    epoch: 1,
    id: 'a',
    incarnation: 'a1',
    firstEvent,
    reign: 1,
    history: [],
  });
}

const piece = (last: boolean) => ({ type: 'state', epoch: 1, piece: new Uint8Array(10), last }) as const;
const position = (event: number) =>
  ({ type: 'captured', epoch: 1, event, counter: event * 100, outputs: new Uint8Array(1) }) as const;

describe('a standby', () => {
  test('finds the primary by the record alone', () => {
    expect(only(standby().effects, 'connect')).toEqual([{ type: 'connect', address: 'a:1' }]);
  });

  test('starts its guest when both the last piece and the position are there', () => {
    for (const messages of [
      [position(3), piece(false), piece(true)],
      [piece(false), position(3), piece(true)],
      [piece(false), piece(true), position(3)],
    ]) {
      const replica = standby();
      const started = messages.map((message) => only(replica.receive(1, message), 'start-guest').length);
      expect(started).toEqual([0, 0, 1]);
      const append = { type: 'append', epoch: 1, firstEvent: 4, lastEvent: 4, counter: 400, batch: new Uint8Array(1) };
      expect(sentIn(replica.receive(1, append as never))).toMatchObject([{ type: 'ack', receivedEvent: 4 }]);
    }
  });

  test.each([
    ['the log before the position', [{ ...position(1), type: 'append', firstEvent: 1, lastEvent: 1 }]],
    ['the position twice', [position(3), position(3)]],
    ['state behind the last piece', [piece(true), piece(true)]],
  ])('has no use for a primary that sends %s', (_, messages) => {
    const replica = standby();
    const effects = messages.flatMap((message) =>
      replica.receive(1, { batch: new Uint8Array(1), ...message } as never),
    );
    expect(only(effects, 'close')).toHaveLength(1);
    expect(only(effects, 'start-guest')).toEqual([]);
  });

  test('that has received nothing looks for another primary, and otherwise begins anew', () => {
    const waiting = standby();
    expect(only(waiting.step({ type: 'peer-closed', peer: 1, reason: 'reset' }), 'stop')).toEqual([]);
    expect(only(waiting.pass(30), 'connect')).toHaveLength(1);

    const receiving = standby();
    receiving.receive(1, piece(false));
    const effects = receiving.step({ type: 'peer-closed', peer: 1, reason: 'reset' });
    expect(only(effects, 'stop')).toMatchObject([{ exitCode: 76, mayRejoin: true }]);
  });

  test('may not go live with a state of event 0 either, as long as no record names it', () => {
    const replica = standby();
    replica.receive(1, position(0));
    replica.receive(1, piece(true));
    replica.step({ type: 'peer-closed', peer: 1, reason: 'reset' });
    replica.step({ type: 'probe-result', address: 'a:1', gone: true });
    // A record that names it may still be under way.
    replica.pass(2_900);
    expect(only(replica.effects, 'stop')).toEqual([]);
    replica.pass(200);
    expect(only(replica.effects, 'go-live')).toEqual([]);
    expect(only(replica.effects, 'stop')).toMatchObject([{ exitCode: 72, mayRejoin: true }]);
  });

  test('whose guest was started from the beginning before does not take a state', () => {
    const replica = standby();
    replica.step({ type: 'peer-closed', peer: 1, reason: 'reset' });
    replica.pass(30);
    dialled(replica, 2, 1);
    replica.step({ type: 'peer-closed', peer: 2, reason: 'reset' });
    replica.step({ type: 'probe-result', address: 'a:1', gone: true });
    replica.pass(3_100);
    replica.pass(30);
    expect(only(dialled(replica, 3), 'stop')).toMatchObject([{ exitCode: 72, mayRejoin: true }]);
  });

  test('dials again when its hello went into a connection of which the primary knows nothing', () => {
    const replica = standby();
    replica.step({ type: 'peer-closed', peer: 1, reason: 'reset' });
    replica.pass(30);
    replica.step({ type: 'peer-connected', peer: 2, dialled: true, address: 'a:1' });
    expect(only(replica.pass(900), 'close')).toEqual([]);
    expect(only(replica.pass(200), 'close')).toMatchObject([{ peer: 2, reason: 'no answer to the hello' }]);
    expect(only(replica.pass(600), 'connect')).toHaveLength(1);
  });

  test('goes live after the join timeout if a record that it never heard of names it, and otherwise waits on', () => {
    const replica = standby({ joinTimeoutMs: 500 });
    replica.step({ type: 'peer-closed', peer: 1, reason: 'reset' });
    replica.pass(501);
    expect(only(replica.effects, 'stop')).toEqual([]);
    const members = ['a', 'b'].map((id) => ({ id, incarnation: `${id}1`, address: `${id}:1` }));
    replica.arbiter.apply(1, { epoch: 2, members, live: 'a', service: 'kv' });
    expect(only(replica.pass(501), 'go-live')).toHaveLength(1);
    expect(replica.arbiter.state?.record).toMatchObject({ epoch: 3, live: 'b' });
  });
});
