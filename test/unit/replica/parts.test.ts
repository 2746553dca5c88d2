/** The small parts that measure and count. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SilenceDetector, SleepDetector } from '../../../src/replica/detector.js';
import { EVENTS } from '../../../src/replica/events.js';
import { EXIT_CODES } from '../../../src/replica/exit-codes.js';
import { LagControl } from '../../../src/replica/lag.js';
import { Lease } from '../../../src/replica/lease.js';
import { LogMarks } from '../../../src/replica/log-marks.js';
import { releasableEvent } from '../../../src/replica/output-rule.js';
import { Replica } from '../../../src/replica/replica.js';
import { configOf } from './support.js';

describe('releasableEvent', () => {
  test.each([
    [10, [], 0, 10],
    [10, [4], 1, 4],
    [10, [4, 9], 2, 4],
    [10, [4, 9], 1, 9],
    [10, [3, 9, 5], 2, 5],
    [10, [9], 2, 0],
  ])('log to %i, acknowledged %j, %i required: %i', (lastEvent, acknowledged, required, expected) => {
    expect(releasableEvent(lastEvent, acknowledged, required)).toBe(expected);
  });

  test('is the last event that enough backups have', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.array(fc.nat(20), { maxLength: 5 }), fc.nat(5), (last, acknowledged, required) => {
        const enough = (event: number) => acknowledged.filter((acked) => acked >= event).length >= required;
        const expected = Array.from({ length: last + 1 }, (_, event) => event).findLast(enough) ?? 0;
        expect(releasableEvent(last, acknowledged, required)).toBe(expected);
      }),
      { seed: 7 },
    );
  });
});

test('a lease lasts for three quarters of the failure timeout after the time that was echoed', () => {
  const lease = new Lease(200);
  expect(lease.isValid(0)).toBe(false);
  lease.renew(1_000);
  lease.renew(900);
  expect(lease.isValid(1_149)).toBe(true);
  expect(lease.isValid(1_150)).toBe(false);
});

test('silence counts from the last sign of life, without the time asleep', () => {
  const detector = new SilenceDetector(200, 1_000);
  detector.heard(1_100);
  detector.heard(1_050);
  expect([detector.isSilent(1_299), detector.isSilent(1_300)]).toEqual([false, true]);
  detector.forgive(500);
  expect(detector.silentMs(1_800)).toBe(200);
});

test('a step that comes late means that the process slept', () => {
  const detector = new SleepDetector(200);
  expect([1_000, 1_100, 1_201, 1_210].map((nowMs) => detector.step(nowMs))).toEqual([0, 0, 101, 0]);
});

describe('LagControl', () => {
  /** Level after so long under a constant lag. */
  function levelAfter(control: LagControl, lagMs: number, fromMs: number, durationMs: number): number | undefined {
    let level: number | undefined;
    for (let nowMs = fromMs; nowMs < fromMs + durationMs; nowMs += 20) level = control.update(lagMs, nowMs) ?? level;
    return level;
  }

  test('does nothing below the target', () => {
    expect(levelAfter(new LagControl(100), 90, 0, 5_000)).toBeUndefined();
  });

  test('slows smoothly past the target, up to 1, and comes back to 0', () => {
    const control = new LagControl(100);
    const changes: number[] = [];
    for (let nowMs = 0; nowMs < 3_000; nowMs += 20) changes.push(control.update(250, nowMs) ?? changes.at(-1) ?? 0);
    const steps = changes.map((level, index) => level - (changes[index - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(0.05);
    expect(changes.at(-1)).toBe(1);
    expect(levelAfter(control, 0, 3_000, 3_000)).toBe(0);
  });
});

test('LogMarks agrees with counting everything', () => {
  const batches = fc.array(fc.record({ events: fc.integer({ min: 1, max: 3 }), bytes: fc.nat(50) }), { maxLength: 60 });
  fc.assert(
    fc.property(batches, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 10 }), (made, drops) => {
      const marks = new LogMarks();
      const all: { event: number; bytes: number; madeMs: number }[] = [];
      let event = 0;
      for (const [index, { events, bytes }] of made.entries()) {
        event += events;
        all.push({ event, bytes, madeMs: index * 2 });
        marks.push(event, bytes, index * 2);
      }
      for (const share of [0, ...drops].sort((a, b) => a - b)) {
        const from = Math.floor(share * event);
        marks.drop(from);
        const rest = all.filter((mark) => mark.event > from);
        expect(marks.bytesAfter(from)).toBe(rest.reduce((sum, mark) => sum + mark.bytes, 0));
        expect(marks.ageAfter(from, 1_000)).toBe(rest[0] === undefined ? 0 : 1_000 - rest[0].madeMs);
      }
    }),
    { seed: 11 },
  );
});

test('exit codes are distinct and leave the guest its own', () => {
  const ours = Object.entries(EXIT_CODES).filter(([name]) => name !== 'ok');
  expect(new Set(ours.map(([, code]) => code)).size).toBe(ours.length);
  for (const [, code] of ours) expect(code).toBeGreaterThanOrEqual(70);
});

test('the events that users rely on exist', () => {
  const promised = ['ready', 'listening', 'backup-joined', 'backup-lost', 'peer-silent', 'epoch-won', 'epoch-lost'];
  expect(Object.keys(EVENTS)).toEqual(
    expect.arrayContaining([...promised, 'go-live', 'solo', 'diverged', 'guest-exit']),
  );
});

describe('a configuration that makes no sense is refused at the door', () => {
  test.each([
    [{ id: '' }, /id must not be empty/],
    [{ minBackups: -1 }, /minBackups must be 0 or/],
    [{ heartbeatMs: 0 }, /heartbeat must be longer/],
    [{ heartbeatMs: 100 }, /failure timeout \(200 ms\) must be at least 3 heartbeats of 100 ms/],
    [{ logBytesMax: 0 }, /buffer bounds/],
    [{ backups: -1 }, /backups must be 0 or/],
    [{ acks: 0 }, /acks must be/],
  ] as const)('%j', (options, message) => {
    expect(() => new Replica(configOf(options))).toThrow(message);
  });
});
