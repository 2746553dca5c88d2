import { expect, test } from 'vitest';
import { drawSchedule, runSchedule } from './schedule.js';
import type { Ending } from './settle.js';
import { failureOf, reportFailure } from './shrink.js';

const SCHEDULES = 2_000;

test(`${SCHEDULES} seeded schedules of faults keep the service safe and bring it back`, async () => {
  const endings: Record<Ending, number> = { live: 0, ended: 0, waiting: 0, dead: 0 };
  const happened = { 'transfer-started': 0, 'transfer-done': 0, 'backup-joined': 0, 'go-live': 0 };
  const names = Object.keys(happened) as (keyof typeof happened)[];
  const count = (line: string): void => {
    for (const name of names) if (line.includes(` ${name} `)) happened[name] += 1;
  };
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const schedule = drawSchedule(seed);
    try {
      endings[await runSchedule(schedule, count)] += 1;
    } catch (error) {
      expect.fail(await reportFailure(schedule, error as Error));
    }
  }
  console.log(
    `simulator: ${SCHEDULES} schedules (seeds 1 to ${SCHEDULES}), ended as ${JSON.stringify(endings)}; ${JSON.stringify(happened)}`,
  );
  // A simulator in which everything always dies, or nothing ever does, tests nothing.
  for (const times of Object.values(endings)) expect(times).toBeGreaterThan(SCHEDULES / 200);
  for (const times of Object.values(happened)) expect(times).toBeGreaterThan(SCHEDULES / 20);
}, 600_000);

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
