/** When a recording is given its next snapshot. */
import { describe, expect, test } from 'vitest';
import { AUTO_FIRST_MS, isSnapshotDue } from '../../../src/runtime/snapshot-interval.js';

const never = { instructions: 0, ms: 0, runMs: 0, tookMs: 0 };

test('after so many instructions, or so much time, as asked for', () => {
  expect(isSnapshotDue({ instructions: 100 }, { ...never, instructions: 99, ms: 1e6 })).toBe(false);
  expect(isSnapshotDue({ instructions: 100 }, { ...never, instructions: 100 })).toBe(true);
  expect(isSnapshotDue({ ms: 50 }, { ...never, instructions: 1e6, ms: 49 })).toBe(false);
  expect(isSnapshotDue({ ms: 50 }, { ...never, ms: 50 })).toBe(true);
});

test('never', () => {
  expect(isSnapshotDue('none', { instructions: 1e12, ms: 1e9, runMs: 1e9, tookMs: 0 })).toBe(false);
});

describe('auto', () => {
  /** Times of the snapshots of a run, each of which takes `tookMs`. */
  function times(runMs: number, tookMs: number): number[] {
    const taken: number[] = [];
    for (let now = 0; now <= runMs; now += 100) {
      const ms = now - (taken.at(-1) ?? 0);
      if (isSnapshotDue('auto', { instructions: 0, ms, runMs: now, tookMs: taken.length > 0 ? tookMs : 0 }))
        taken.push(now);
    }
    return taken;
  }

  test('a short run has none', () => {
    expect(times(AUTO_FIRST_MS - 100, 1)).toEqual([]);
  });

  test('at every end of a run, no more than about a tenth of it lies behind the last one', () => {
    const taken = times(3_600_000, 1);
    expect(taken[0]).toBe(AUTO_FIRST_MS);
    for (const [at, next] of taken.slice(1).entries()) {
      expect(next - taken[at]!).toBeLessThanOrEqual(Math.max(AUTO_FIRST_MS, next / 10) + 100);
    }
    expect(taken.length).toBeLessThan(50);
  });

  test('slow ones are rarer', () => {
    const taken = times(600_000, 2_000);
    for (const [at, next] of taken.slice(1).entries()) expect(next - taken[at]!).toBeGreaterThanOrEqual(40_000);
  });
});
