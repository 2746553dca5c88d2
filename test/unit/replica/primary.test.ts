import { describe, expect, test } from 'vitest';
import { ack, Driven, eventsIn, heartbeat, hello, only, primaryWithBackup, sentIn } from './support.js';

describe('output rule', () => {
  test('output waits for the acknowledgement', () => {
    const primary = primaryWithBackup();
    expect(only(primary.log(1, 3), 'release')).toEqual([]);
    expect(only(primary.receive(1, ack(2)), 'release')).toEqual([{ type: 'release', event: 2 }]);
    expect(only(primary.receive(1, ack(1)), 'release')).toEqual([]);
    expect(only(primary.receive(1, ack(3)), 'release')).toEqual([{ type: 'release', event: 3 }]);
  });

  test('an acknowledgement does not help once the promise of the backup is old', () => {
    const primary = primaryWithBackup();
    primary.log(1, 1);
    primary.nowMs += 160;
    expect(only(primary.receive(1, ack(1)), 'release')).toEqual([]);
    const renewed = primary.receive(1, heartbeat('b', { echoMs: primary.nowMs - 10, sentMs: 2 }));
    expect(only(renewed, 'release')).toEqual([{ type: 'release', event: 1 }]);
  });

  test('a promise from the future is not believed', () => {
    const primary = primaryWithBackup();
    primary.log(1, 1);
    primary.nowMs += 160;
    primary.step({ type: 'heartbeat', message: heartbeat('b', { echoMs: primary.nowMs + 1_000 }) });
    expect(only(primary.receive(1, ack(1)), 'release')).toEqual([]);
  });

  test('a heartbeat of an earlier incarnation or epoch does not count', () => {
    const primary = primaryWithBackup();
    primary.log(1, 1);
    primary.nowMs += 160;
    const stale = { ...heartbeat('b', { echoMs: primary.nowMs }), incarnation: 'b0' };
    primary.step({ type: 'heartbeat', message: stale });
    primary.step({ type: 'heartbeat', message: heartbeat('b', { echoMs: primary.nowMs, epoch: 0 }) });
    expect(only(primary.receive(1, ack(1)), 'release')).toEqual([]);
  });

  test('the guest does not start while the record is being written', () => {
    const primary = new Driven();
    primary.step({ type: 'peer-connected', peer: 1, dialled: false });
    primary.step({ type: 'peer-connected', peer: 2, dialled: false });
    primary.arbiterAnswers = false;
    const [first] = only(primary.receive(1, hello('b')), 'arbiter-cas');
    primary.receive(2, hello('c'));
    const won = { kind: 'won', generation: 2 } as const;
    const next = primary.step({ type: 'arbiter-result', requestId: first?.requestId ?? -1, result: won });
    expect(only(next, 'arbiter-cas').map(({ record }) => record.members.map(({ id }) => id))).toEqual([
      ['a', 'b', 'c'],
    ]);
    expect(only(next, 'start-guest')).toEqual([]);
  });
});

describe('epoch', () => {
  test('a newer epoch in a message stops releases until the arbiter has been asked; if it was wrong, they go on', () => {
    const primary = primaryWithBackup();
    primary.log(1, 1);
    primary.arbiterAnswers = false;
    const suspicious = primary.step({ type: 'heartbeat', message: heartbeat('c', { epoch: 99 }) });
    const [read] = only(suspicious, 'arbiter-read');
    expect(only(primary.receive(1, ack(1)), 'release')).toEqual([]);
    const result = { kind: 'read', current: primary.arbiter.state } as const;
    const answered = primary.step({ type: 'arbiter-result', requestId: read?.requestId ?? -1, result });
    expect(only(answered, 'release')).toEqual([{ type: 'release', event: 1 }]);
  });

  test('if it was right, the primary stops', () => {
    const primary = primaryWithBackup();
    const usurper = { epoch: 3, members: [{ id: 'b', incarnation: 'b1' }], live: 'b', service: 'kv' };
    primary.arbiter.apply(2, usurper);
    const effects = primary.step({ type: 'heartbeat', message: heartbeat('b', { epoch: 3 }) });
    expect(eventsIn(effects)).toEqual(['epoch-lost', 'stopped']);
    expect(only(effects, 'stop')).toMatchObject([{ exitCode: 72 }]);
    expect(primary.log(1, 1)).toEqual([]);
  });

  test('a message from before this primary became live closes the connection', () => {
    const primary = primaryWithBackup();
    const effects = primary.receive(1, ack(0, 0, 0));
    expect(only(effects, 'close')).toMatchObject([{ peer: 1, reason: 'its ack is of epoch 0, before 1' }]);
  });

  test('a solo primary that slept looks at the record at once', () => {
    const primary = new Driven({ minBackups: 0 });
    primary.nowMs += 300;
    expect(only(primary.step({ type: 'tick' }), 'arbiter-read')).toHaveLength(1);
  });

  test('a solo primary looks at the record now and then', () => {
    const primary = new Driven({ minBackups: 0 });
    const passAwake = (ms: number) => Array.from({ length: ms / 50 }, () => primary.pass(50)).flat();
    expect(only(passAwake(950), 'arbiter-read')).toEqual([]);
    expect(only(passAwake(100), 'arbiter-read')).toHaveLength(1);
    primary.arbiter.apply(1, { epoch: 2, members: [{ id: 'a', incarnation: 'a2' }], live: 'a', service: 'kv' });
    expect(only(passAwake(1_000), 'stop')).toMatchObject([{ exitCode: 72 }]);
  });
});

describe('connections', () => {
  test('whoever does not say hello is closed after a while', () => {
    const primary = new Driven();
    primary.step({ type: 'peer-connected', peer: 7, dialled: false });
    expect(only(primary.pass(4_000), 'close')).toEqual([]);
    expect(only(primary.pass(1_100), 'close')).toEqual([{ type: 'close', peer: 7, reason: 'no hello in time' }]);
  });

  test('whoever says something else first is closed', () => {
    const primary = new Driven();
    primary.step({ type: 'peer-connected', peer: 7, dialled: false });
    expect(only(primary.receive(7, ack(1)), 'close')).toMatchObject([{ reason: 'expected a hello, got ack' }]);
    expect(primary.receive(7, ack(1))).toEqual([]);
  });

  test('a second replica under the name of a joined one is refused', () => {
    const primary = primaryWithBackup({ minBackups: 2 });
    primary.step({ type: 'peer-connected', peer: 2, dialled: false });
    expect(sentIn(primary.receive(2, hello('b', 'b2')))).toMatchObject([{ type: 'refuse', code: 'duplicate-id' }]);
  });

  test('a backup that acknowledges what was never sent is dropped', () => {
    const primary = primaryWithBackup();
    const effects = primary.receive(1, ack(5));
    expect(only(effects, 'close')).toMatchObject([{ reason: 'it acknowledged event 5, but the log ends at 0' }]);
    expect(eventsIn(effects)).toContain('solo');
  });

  test('silence is measured in time awake only', () => {
    const primary = primaryWithBackup();
    primary.pass(20);
    // Asleep for ten seconds: no reason to give the backup up, but none to release either.
    primary.nowMs += 10_000;
    expect(eventsIn(primary.step({ type: 'tick' }))).toEqual([]);
    const silent = [primary.pass(90), primary.pass(90), primary.pass(90)].flat();
    expect(eventsIn(silent)).toEqual(['peer-silent', 'backup-lost', 'epoch-won', 'solo']);
  });

  test('a backup that heartbeats but acknowledges nothing for ten failure timeouts is dropped', () => {
    const primary = primaryWithBackup();
    const wait = (ms: number): string[] => {
      const events: string[] = [];
      for (let waited = 0; waited < ms; waited += 50) {
        primary.step({ type: 'heartbeat', message: heartbeat('b', { echoMs: primary.nowMs }) });
        events.push(...eventsIn(primary.pass(50)));
      }
      return events;
    };
    // With nothing to acknowledge there is nothing to expect.
    expect(wait(5_000)).toEqual([]);
    primary.log(1, 2);
    expect(wait(1_500)).toEqual([]);
    // Slow is not stalled.
    primary.receive(1, ack(1));
    expect(wait(1_900)).toEqual([]);
    expect(wait(200)).toEqual(['backup-lost', 'epoch-won', 'solo']);
  });
});

describe('flow control', () => {
  test('the guest is paused when too much waits for release, and resumed when half of it is gone', () => {
    const primary = primaryWithBackup({ logBytesMax: 100 });
    expect(only(primary.log(1, 1, 60), 'pause-log')).toHaveLength(0);
    primary.nowMs += 2;
    expect(only(primary.log(2, 2, 60), 'pause-log')).toHaveLength(1);
    expect(only(primary.receive(1, ack(1)), 'resume-log')).toHaveLength(0);
    expect(only(primary.receive(1, ack(2)), 'resume-log')).toHaveLength(1);
  });

  test('the guest is paused when the backup has received but not executed too much', () => {
    const primary = primaryWithBackup({ backlogBytesMax: 100 });
    primary.log(1, 1, 60);
    primary.receive(1, ack(1));
    primary.nowMs += 2;
    primary.log(2, 2, 60);
    const paused = primary.effects.filter((effect) => effect.type === 'pause-log');
    expect(paused).toHaveLength(1);
    expect(only(primary.receive(1, ack(2, 2)), 'resume-log')).toHaveLength(1);
  });

  test('the guest is throttled while the backup lags, and sped up when it has caught up', () => {
    const primary = primaryWithBackup();
    primary.log(1, 1);
    const alive = (executed: number): void => {
      primary.nowMs += 20;
      primary.receive(1, heartbeat('b', { echoMs: primary.nowMs - 1, executed }));
      primary.step({ type: 'tick' });
    };
    for (let count = 0; count < 20; count++) alive(0);
    const levels = only(primary.effects, 'throttle').map((effect) => effect.level);
    expect(levels.length).toBeGreaterThan(3);
    expect(levels).toEqual([...levels].sort((a, b) => a - b));
    for (let count = 0; count < 200; count++) alive(1);
    expect(only(primary.effects, 'throttle').at(-1)?.level).toBe(0);
  });
});

describe('endings', () => {
  test('a hand-over that is not confirmed ends after the shutdown timeout', () => {
    const primary = primaryWithBackup({ shutdownTimeoutMs: 100 });
    expect(sentIn(primary.step({ type: 'shutdown' }))).toMatchObject([{ type: 'handover', lastEvent: 0 }]);
    expect(only(primary.pass(50), 'stop')).toEqual([]);
    expect(only(primary.pass(60), 'stop')).toMatchObject([{ exitCode: 0 }]);
  });

  test('after a hand-over the record belongs to the successor, which says nothing until it is live', () => {
    const primary = primaryWithBackup();
    primary.step({ type: 'shutdown' });
    const later = [primary.pass(90), primary.pass(90), primary.pass(90)].flat();
    expect(eventsIn(later)).not.toContain('backup-lost');
    expect(only(later, 'arbiter-cas')).toEqual([]);
    const last = primary.receive(1, { type: 'live', epoch: 3 });
    expect(only(last, 'stop')).toMatchObject([{ exitCode: 0, reason: 'handed over to b, live in epoch 3' }]);
  });

  test('SIGTERM before the guest has started ends the service', () => {
    const primary = new Driven();
    expect(only(primary.step({ type: 'shutdown' }), 'stop')).toMatchObject([{ exitCode: 0 }]);
    expect(primary.arbiter.state?.record.ended).toBe(true);
  });

  test('a guest that exits while the arbiter is away still ends, after its output has left', () => {
    const primary = primaryWithBackup({ shutdownTimeoutMs: 100 });
    primary.log(1, 1);
    primary.step({ type: 'guest-exit', outcome: { exitCode: 4, description: 'exited with code 4' } });
    primary.receive(1, ack(1));
    primary.arbiterAnswers = false;
    primary.step({ type: 'outputs-left', event: 1 });
    expect(only(primary.pass(50), 'stop')).toEqual([]);
    const last = primary.pass(60);
    expect(sentIn(last)).toMatchObject([{ type: 'finished', outcome: { exitCode: 4 } }]);
    expect(only(last, 'stop')).toMatchObject([{ exitCode: 4 }]);
  });
});
