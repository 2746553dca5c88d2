import { expect, test } from 'vitest';
import { Standing } from '../../../../src/runtime/guest/standing.js';

function watched() {
  const clock = { nowNs: 0n };
  const standing = new Standing({ monotonicNs: () => clock.nowNs, realtimeNs: () => 0n });
  return { clock, standing };
}

test('counts from leaving the code until it is entered again, and each time only once', () => {
  const { clock, standing } = watched();
  clock.nowNs = 1_000_000n;
  standing.set(true);
  clock.nowNs = 2_000_000n;
  standing.set(true);
  clock.nowNs = 4_000_000n;
  standing.set(false);
  clock.nowNs = 9_000_000n;
  expect(standing.takeMs()).toBe(3);
  expect(standing.takeMs()).toBe(0);
});

test('the present stand counts as far as it has gone', () => {
  const { clock, standing } = watched();
  standing.set(true);
  clock.nowNs = 500_000n;
  expect(standing.takeMs()).toBe(0.5);
  clock.nowNs = 700_000n;
  standing.set(false);
  expect(standing.takeMs()).toBe(0.2);
});
