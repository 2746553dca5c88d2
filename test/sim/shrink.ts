/**
 * Makes failing schedules small, and says what to do about them. Schedules are drawn from a seed (see schedule.ts), so that
 * one number repeats a run; fast-check takes it from there: it drops faults and clients and lowers times and counts for as
 * long as the run still fails in the same way.
 */
import fc from 'fast-check';
import { runSchedule, type Schedule } from './schedule.js';

/** Shrinking stops here by default, with the smallest schedule found by then, in ms. */
const SHRINK_MS_MAX = 30_000;

/** A smaller schedule that fails as `schedule` does, with an error of the same class as `error`; the best that `maxMs` allows. */
export async function shrink(schedule: Schedule, error: Error, maxMs = SHRINK_MS_MAX): Promise<Schedule> {
  const failsAlike = async (smaller: Schedule): Promise<boolean> =>
    (await failureOf(smaller))?.constructor === error.constructor;
  const whole = inWholeNumbers(schedule);
  const start = (await failsAlike(whole)) ? whole : schedule;
  const { counterexample } = await fc.check(
    fc.asyncProperty(schedulesLike(start), async (smaller) => !(await failsAlike(smaller))),
    { examples: [[start]], numRuns: 1, interruptAfterTimeLimit: maxMs },
  );
  return counterexample?.[0] ?? start;
}

export async function failureOf(schedule: Schedule): Promise<Error | undefined> {
  try {
    await runSchedule(schedule);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** What to print about a failing schedule. */
export async function reportFailure(schedule: Schedule, error: Error): Promise<string> {
  const smallest = await shrink(schedule, error);
  return [
    `seed ${schedule.seed}: ${error.stack ?? error.message}`,
    `smallest schedule that fails: ${JSON.stringify(smallest)}`,
    `which fails with: ${(await failureOf(smallest))?.message}`,
    `again, with a trace: npm run sim -- --seed ${schedule.seed} --steps ${schedule.faults.length} --trace`,
    `the smallest one: npm run sim -- --trace --schedule '${JSON.stringify(smallest)}'`,
  ].join('\n');
}

/** Times as whole milliseconds: easier to read, and integers are what fast-check can lower without knowing their history. */
function inWholeNumbers(schedule: Schedule): Schedule {
  return {
    ...schedule,
    clients: schedule.clients.map((client) => ({ ...client, atMs: Math.round(client.atMs) })),
    faults: schedule.faults.map((fault) => ({
      ...fault,
      atMs: Math.round(fault.atMs),
      durationMs: Math.round(fault.durationMs),
    })),
  };
}

/** Schedules with some of the faults and clients of `schedule`, each as large as there or smaller; all else is equal. */
function schedulesLike(schedule: Schedule): fc.Arbitrary<Schedule> {
  const parts = Object.entries(schedule).map(([key, value]) => [
    key,
    key === 'faults' || key === 'clients' ? valuesLike([value]) : fc.constant(value),
  ]);
  return fc.record(Object.fromEntries(parts)) as fc.Arbitrary<Schedule>;
}

/** An arbitrary that can shrink each of `samples`, which all stand in the same place. */
function valuesLike(samples: readonly unknown[]): fc.Arbitrary<unknown> {
  if (samples.every(Array.isArray)) {
    const maxLength = Math.max(0, ...samples.map(({ length }) => length));
    return fc.array(maxLength === 0 ? fc.constant(0) : valuesLike(samples.flat()), { maxLength });
  }
  if (samples.every(isRecord)) {
    const keys = [...new Set(samples.flatMap(Object.keys))];
    const fields: Record<string, fc.Arbitrary<unknown>> = {};
    for (const key of keys) {
      fields[key] = valuesLike(samples.filter((sample) => key in sample).map((sample) => sample[key]));
    }
    const requiredKeys = keys.filter((key) => samples.every((sample) => key in sample));
    return fc.record(fields, { requiredKeys });
  }
  if (samples.every(isCount)) return fc.integer({ min: Math.min(1, ...samples), max: Math.max(...samples) });
  if (samples.every((sample) => typeof sample === 'boolean')) return fc.boolean();
  // Names and shares: no one is simpler than another.
  return fc.noShrink(fc.constantFrom(...new Set(samples)));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
}
