import { expect, test } from 'vitest';
import { drawSchedule, runSchedule } from './schedule.js';
import type { Ending } from './settle.js';
import { failureOf, reportFailure } from './shrink.js';

const SCHEDULES = 2_000;

test(`${SCHEDULES} seeded schedules of faults keep the service safe and bring it back`, async () => {
  const endings: Record<Ending, number> = { live: 0, ended: 0, waiting: 0, dead: 0 };
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const schedule = drawSchedule(seed);
    try {
      endings[await runSchedule(schedule)] += 1;
    } catch (error) {
      expect.fail(await reportFailure(schedule, error as Error));
    }
  }
  console.log(`simulator: ${SCHEDULES} schedules (seeds 1 to ${SCHEDULES}), ended as ${JSON.stringify(endings)}`);
  // A simulator in which everything always dies, or nothing ever does, tests nothing.
  for (const count of Object.values(endings)) expect(count).toBeGreaterThan(SCHEDULES / 200);
}, 180_000);

test('the same seed gives the same run, to the last line', async () => {
  const traces: string[][] = [];
  for (let again = 0; again < 2; again++) {
    const lines: string[] = [];
    await runSchedule(drawSchedule(4), (line) => lines.push(line));
    traces.push(lines);
  }
  expect(traces[0]?.length).toBeGreaterThan(10);
  expect(traces[0]).toEqual(traces[1]);
});

test('without faults nothing fails', async () => {
  for (let seed = 1; seed <= 20; seed++) expect(await failureOf(drawSchedule(seed, 0))).toBeUndefined();
});
