import { expect, test } from 'vitest';
import { SafetyError } from './checker.js';
import { drawDurableSchedule, runDurableSchedule } from './durable-schedule.js';

const SCHEDULES = 300;

test(`${SCHEDULES} seeded schedules of power failures lose nothing that was on the disk before it left`, async () => {
  const endings: Record<string, number> = {};
  let [whole, doubtful] = [0, 0];
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const schedule = drawDurableSchedule(seed);
    try {
      const run = await runDurableSchedule(schedule);
      endings[run.ending] = (endings[run.ending] ?? 0) + 1;
      whole += run.whole;
      doubtful += run.doubtful;
    } catch (error) {
      expect.fail(`seed ${seed}: ${(error as Error).stack}\n${JSON.stringify(schedule)}`);
    }
  }
  console.log(
    `simulator: ${SCHEDULES} schedules with power failures (seeds 1 to ${SCHEDULES}), ended as ${JSON.stringify(endings)}; ` +
      `${whole} recoveries of everything, ${doubtful} in doubt`,
  );
  expect(endings['live']).toBeGreaterThan(SCHEDULES * 0.95);
  expect(Math.min(whole, doubtful)).toBeGreaterThan(SCHEDULES / 4);
}, 600_000);

test('what a disk lacked is noticed, if nobody says that it may', async () => {
  let noticed = 0;
  for (let seed = 1; seed <= 60; seed++) {
    await runDurableSchedule(drawDurableSchedule(seed), undefined, true).catch((error: unknown) => {
      if (error instanceof SafetyError) noticed++;
    });
  }
  expect(noticed).toBeGreaterThan(5);
}, 300_000);
