/** Makes failing schedules small, and says what to do about them. */
import { runSchedule, type Schedule } from './schedule.js';

/** Removes faults, then clients, one after the other as long as the run still fails in the same way. */
export async function shrink(schedule: Schedule, error: Error): Promise<Schedule> {
  for (const smaller of candidates(schedule)) {
    const failure = await failureOf(smaller);
    if (failure?.constructor === error.constructor) return shrink(smaller, error);
  }
  return schedule;
}

function* candidates(schedule: Schedule): Generator<Schedule> {
  for (const fault of schedule.faults) {
    yield { ...schedule, faults: schedule.faults.filter((other) => other !== fault) };
  }
  for (const client of schedule.clients) {
    yield { ...schedule, clients: schedule.clients.filter((other) => other !== client) };
  }
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
  ].join('\n');
}
