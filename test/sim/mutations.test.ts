/** A checker that finds nothing proves nothing: each of these mistakes, put into one part, must be caught by some schedule. */
import { expect, test } from 'vitest';
import type { Fault } from './faults.js';
import { drawSchedule, type Schedule } from './schedule.js';
import { failureOf } from './shrink.js';
import { MUTATIONS, type Mutation } from './world.js';

const SCHEDULES_MAX = 600;

/** What a newcomer has is late, and the primary dies as soon as the record names the newcomer. */
const LATE_LOG: readonly Fault[] = [
  ambush('done', { kind: 'stall-channels', durationMs: 150 }),
  ambush('written', { kind: 'kill', durationMs: 0 }),
];

/** The primary dies while it cannot be heard by one of two backups: their logs end at different places. */
function unequalLogs(behind: string, then: readonly Fault[]): readonly Fault[] {
  return [
    { ...fault('cut-incoming', behind), atMs: 400, durationMs: 40 },
    { ...fault('kill', 'a'), atMs: 430 },
    ...then,
  ];
}

function fault(kind: Fault['kind'], target: string): Fault {
  return { atMs: 0, kind, target, durationMs: 0, restart: false };
}

/** Some of the mistakes show only when several things come together; the others are found by schedules as they are drawn. */
const AIMED: Partial<Record<Mutation, readonly Fault[]>> = {
  'arming-skipped': LATE_LOG,
  'recorded-before-caught-up': LATE_LOG,
  'served-before-acknowledged': unequalLogs('c', [{ ...fault('kill', 'b'), atMs: 439 }]),
};
/** These need two backups. */
const WITH_TWO: readonly Mutation[] = ['served-before-acknowledged'];
const TWO_BACKUPS: Pick<Schedule, 'replicas' | 'backups'> = {
  replicas: [
    { id: 'a', role: 'primary' },
    { id: 'b', role: 'backup' },
    { id: 'c', role: 'backup' },
  ],
  backups: 2,
};

function ambush(step: NonNullable<Fault['ambush']>['step'], fault: Pick<Fault, 'kind' | 'durationMs'>): Fault {
  return { atMs: 0, target: 'source', restart: false, ambush: { step, skip: 0, delayMs: 0 }, ...fault };
}

function scheduleFor(seed: number, mutation: Mutation): Schedule {
  const aimed = AIMED[mutation];
  if (aimed === undefined) return drawSchedule(seed, 5, mutation);
  if (WITH_TWO.includes(mutation)) {
    const { acks: _, ...schedule } = drawSchedule(seed, 0, mutation);
    return { ...schedule, ...TWO_BACKUPS, minBackups: 0, faults: aimed };
  }
  const schedule = drawSchedule(seed, 2, mutation);
  return { ...schedule, minBackups: 0, faults: [...schedule.faults, ...aimed] };
}

test.each(MUTATIONS)('%s is caught', async (mutation) => {
  for (let seed = 1; seed <= SCHEDULES_MAX; seed++) {
    const { mutation: mistake, ...schedule } = scheduleFor(seed, mutation);
    const failure = await failureOf({ ...schedule, mutation });
    if (failure === undefined) continue;
    // It is the mistake that was caught, not something else.
    expect(mistake).toBe(mutation);
    expect(await failureOf(schedule)).toBeUndefined();
    console.log(`${mutation}: caught by schedule ${seed}: ${failure.message.slice(0, 160)}`);
    return;
  }
  expect.fail(`${SCHEDULES_MAX} schedules did not notice`);
});
