/** A failing schedule becomes small, and what is printed about it is enough to run it again. */
import { expect, test } from 'vitest';
import { drawSchedule, type Schedule } from './schedule.js';
import { failureOf, reportFailure, shrink } from './shrink.js';

const TIMEOUT_MS = 300_000;

/** The first schedule with many faults and clients that a mistake in one part fails. */
async function failing(mutation: NonNullable<Schedule['mutation']>): Promise<{ schedule: Schedule; error: Error }> {
  for (let seed = 1; ; seed++) {
    const schedule = drawSchedule(seed, 8, mutation);
    const error = schedule.clients.length < 4 ? undefined : await failureOf(schedule);
    if (error !== undefined) return { schedule, error };
  }
}

test.each(['output-sent-again', 'arbiter-grants-everything'] as const)(
  'a schedule that fails because of %s is shrunk to what it takes',
  async (mutation) => {
    const { schedule, error } = await failing(mutation);
    // However busy the machine is, it comes to its end.
    const smallest = await shrink(schedule, error, TIMEOUT_MS);
    console.log(`${mutation}: ${JSON.stringify(schedule).length} to ${JSON.stringify(smallest).length} characters`);
    expect(smallest.seed).toBe(schedule.seed);
    expect(smallest.faults.length).toBeLessThanOrEqual(3);
    // Without a client the scheduler draws other delays for everybody else: a minimum may need one that takes no part.
    expect(smallest.clients.length).toBeLessThanOrEqual(3);
    expect((await failureOf(smallest))?.constructor).toBe(error.constructor);
    // It is the mistake that fails it, still.
    const { mutation: _, ...correct } = smallest;
    expect(await failureOf(correct)).toBeUndefined();
  },
  TIMEOUT_MS,
);

test('a failure is reported with its seed and a command for the smallest schedule', async () => {
  const { schedule, error } = await failing('output-sent-again');
  const report = await reportFailure(schedule, error);
  expect(report).toContain(`npm run sim -- --seed ${schedule.seed} --steps 8 --trace`);
  const text = /--schedule '(.*)'/.exec(report)?.[1] ?? '';
  const again = await failureOf(JSON.parse(text));
  expect(report).toContain(`which fails with: ${again?.message}`);
});
