/** A checker that finds nothing proves nothing: each of these mistakes, put into one part, must be caught by some schedule. */
import { expect, test } from 'vitest';
import { drawSchedule } from './schedule.js';
import { failureOf } from './shrink.js';
import { MUTATIONS } from './world.js';

const SCHEDULES_MAX = 600;

test.each(MUTATIONS)('%s is caught', async (mutation) => {
  for (let seed = 1; seed <= SCHEDULES_MAX; seed++) {
    const failure = await failureOf(drawSchedule(seed, 5, mutation));
    if (failure === undefined) continue;
    // It is the mistake that was caught, not something else.
    expect(await failureOf(drawSchedule(seed, 5))).toBeUndefined();
    console.log(`${mutation}: caught by schedule ${seed}: ${failure.message.slice(0, 160)}`);
    return;
  }
  expect.fail(`${SCHEDULES_MAX} schedules did not notice`);
});
