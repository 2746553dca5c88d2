import { expect, test } from 'vitest';
import { drawSchedule, type Ending, failureOf, reportFailure, runSchedule } from './schedule.js';

const SCHEDULES = 2_000;

test(`${SCHEDULES} seeded schedules of faults keep the service safe and bring it back`, () => {
  const endings: Record<Ending, number> = { live: 0, ended: 0, waiting: 0, dead: 0 };
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const schedule = drawSchedule(seed);
    try {
      endings[runSchedule(schedule)] += 1;
    } catch (error) {
      expect.fail(reportFailure(schedule, error as Error));
    }
  }
  console.log(`simulator: ${SCHEDULES} schedules (seeds 1 to ${SCHEDULES}), ended as ${JSON.stringify(endings)}`);
  // A simulator in which everything always dies, or nothing ever does, tests nothing.
  for (const count of Object.values(endings)) expect(count).toBeGreaterThan(SCHEDULES / 200);
});

test('the same seed gives the same run, to the last effect', () => {
  const traces = [1, 2].map(() => {
    const lines: string[] = [];
    runSchedule(drawSchedule(4), (line) => lines.push(line));
    return lines;
  });
  expect(traces[0]?.length).toBeGreaterThan(100);
  expect(traces[0]).toEqual(traces[1]);
});

test('without faults nothing fails', () => {
  for (let seed = 1; seed <= 20; seed++) expect(failureOf(drawSchedule(seed, 0))).toBeUndefined();
});
