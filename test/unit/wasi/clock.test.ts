import { describe, expect, it } from 'vitest';
import { memoryServices } from '../../../src/host/memory.js';
import { CLOCK, ERRNO } from '../../../src/wasi/abi.js';
import { Harness } from './harness.js';

function time(h: Harness, clock: number): bigint {
  expect(h.call('clock_time_get', clock, 1n, 64)).toBe(ERRNO.SUCCESS);
  return h.u64(64);
}

describe('clock_time_get', () => {
  it('gives the wall clock, and monotonic time from zero', () => {
    const h = new Harness();
    expect(time(h, CLOCK.REALTIME)).toBe(1_700_000_000_000_000_000n);
    expect(time(h, CLOCK.MONOTONIC)).toBe(0n);
    h.fakes.clock.advance(250n);
    expect(time(h, CLOCK.REALTIME)).toBe(1_700_000_000_000_000_250n);
    expect(time(h, CLOCK.MONOTONIC)).toBe(250n);
  });

  it('logs distances, so that entries stay small', () => {
    const h = new Harness();
    time(h, CLOCK.MONOTONIC);
    h.fakes.clock.advance(123n);
    time(h, CLOCK.MONOTONIC);
    expect(h.entries.map(({ result }) => result)).toEqual([0, 123]);
  });

  it('never steps back when the host does', () => {
    const h = new Harness();
    const first = time(h, CLOCK.REALTIME);
    h.fakes.clock.realtime -= 1_000_000n;
    expect(time(h, CLOCK.REALTIME)).toBe(first);
  });

  it('takes CPU time from the instruction counter, unlogged', () => {
    const h = new Harness();
    h.counter = 5000;
    expect(time(h, CLOCK.PROCESS_CPUTIME)).toBe(5010n);
    expect(time(h, CLOCK.THREAD_CPUTIME)).toBe(5020n);
    expect(h.entries).toEqual([]);
  });

  it('refuses unknown clocks and bad pointers', () => {
    const h = new Harness();
    expect(h.call('clock_time_get', 4, 1n, 64)).toBe(ERRNO.INVAL);
    expect(h.call('clock_time_get', CLOCK.REALTIME, 1n, -8)).toBe(ERRNO.FAULT);
    expect(h.call('clock_res_get', 7, 64)).toBe(ERRNO.INVAL);
    expect(h.call('clock_res_get', CLOCK.MONOTONIC, 64)).toBe(ERRNO.SUCCESS);
    expect(h.u64(64)).toBe(1n);
    expect(h.entries).toEqual([]);
  });
});

describe('clocks across a go-live', () => {
  it('continue from the last logged value, whatever the new host says', () => {
    const primary = new Harness();
    primary.fakes.clock.advance(0n);
    time(primary, CLOCK.MONOTONIC);
    primary.fakes.clock.advance(1_000_000n);
    const lastMonotonic = time(primary, CLOCK.MONOTONIC);
    const lastRealtime = time(primary, CLOCK.REALTIME);

    const services = memoryServices();
    services.clock.realtime = 1_000n;
    services.clock.monotonic = 77n;
    const backup = new Harness({ log: primary.entries, services });
    expect(time(backup, CLOCK.MONOTONIC)).toBe(0n);
    expect(time(backup, CLOCK.MONOTONIC)).toBe(lastMonotonic);
    expect(time(backup, CLOCK.REALTIME)).toBe(lastRealtime);
    expect(backup.session.mode).toBe('replay');
    services.clock.monotonic = 9_000n;
    expect(time(backup, CLOCK.MONOTONIC)).toBe(lastMonotonic);
    expect(time(backup, CLOCK.REALTIME)).toBe(lastRealtime);
    services.clock.monotonic += 40n;
    expect(time(backup, CLOCK.MONOTONIC)).toBe(lastMonotonic + 40n);
  });
});
