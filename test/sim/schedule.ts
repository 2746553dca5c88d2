/**
 * One simulated run: faults strike for a while (safety is checked all the time), then they stop and the service must
 * be there again, unless everybody who could bring it back has died (liveness).
 */
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import { calm, drawFaults, type Fault, startReplica, strike } from './faults.js';
import type { SimProcess } from './process.js';
import { Random } from './random.js';
import { World } from './world.js';

const FAULTS_END_MS = 1_400;
const CALM_STEP_MS = 250;
const CALM_STEPS_MAX = 24;

export class LivenessError extends Error {}

export interface Schedule {
  readonly seed: number;
  readonly backups: number;
  readonly minBackups: number;
  /** The guest exits after so many events. */
  readonly guestEvents: number;
  readonly faults: readonly Fault[];
}

/** How a run ended: the service is live, is over in good order, waits for a backup, or all its members died. */
export type Ending = 'live' | 'ended' | 'waiting' | 'dead';

/** `steps`: number of faults; drawn as well if absent. */
export function drawSchedule(seed: number, steps?: number): Schedule {
  const random = new Random(seed);
  const backups = random.chance(0.25) ? 2 : 1;
  const minBackups = random.chance(0.1) ? 0 : random.whole(1, backups);
  const guestEvents = random.chance(0.3) ? random.whole(5, 150) : Number.MAX_SAFE_INTEGER;
  const ids = idsOf(backups);
  const count = steps ?? random.whole(0, 5);
  return { seed, backups, minBackups, guestEvents, faults: drawFaults(random, ids, count) };
}

/** @throws SafetyError, LivenessError, or InvariantError from a replica */
export function runSchedule(schedule: Schedule, onTrace?: (line: string) => void): Ending {
  const { seed, minBackups, guestEvents } = schedule;
  const ids = idsOf(schedule.backups);
  const random = new Random(seed ^ 0x5eed);
  const world = new World({ random, minBackups, guestEvents, ...(onTrace ? { onTrace } : {}) });
  for (const id of ids) {
    world.scheduler.after(random.between(0, 40), () => startReplica(world, id));
  }
  for (const fault of schedule.faults) world.scheduler.at(fault.atMs, () => strike(world, ids, fault));
  world.scheduler.runUntil(schedule.faults.length === 0 ? 200 : FAULTS_END_MS);
  calm(world);
  return settle(world);
}

/** Waits until the service is back, looking twice at what could still change. */
function settle(world: World): Ending {
  let ending: Ending | undefined;
  for (let step = 0; step < CALM_STEPS_MAX; step++) {
    const seenEvent = world.checker.seenEvent;
    world.scheduler.runUntil(world.scheduler.nowMs + CALM_STEP_MS);
    const next = judge(world, world.checker.seenEvent > seenEvent);
    if (next !== undefined && next === ending) {
      world.checker.complete();
      return next;
    }
    ending = next;
  }
  throw new LivenessError(`the service did not come back: ${describe(world)}`);
}

function judge(world: World, progress: boolean): Ending | undefined {
  const record = world.arbiter.state?.record;
  if (record?.ended) return 'ended';
  const members = record?.members.map((member) => find(world, member.id, member.incarnation)) ?? [];
  const running = members.filter((process) => process.running);
  if (running.some((process) => process.live)) return progress ? 'live' : undefined;
  if (running.length === 0) return everybodyDied(world, members) ? 'dead' : undefined;
  return waitsForBackups(world, running) ? 'waiting' : undefined;
}

/** Nobody can go live any more: right only if each member was killed or left in good order. */
function everybodyDied(world: World, members: readonly SimProcess[]): boolean {
  const starting = world.processes.some((process) => process.running && process.id === 'a');
  return !starting && members.every((process) => diedWithReason(world, process));
}

function diedWithReason(world: World, process: SimProcess): boolean {
  if (process.end?.how !== 'stopped') return true;
  const reasons: number[] = [EXIT_CODES.ok, EXIT_CODES.divergence, world.guestExitCode];
  return reasons.includes(process.end.exitCode);
}

/** A primary whose guest has not started, and fewer backups alive than it needs. */
function waitsForBackups(world: World, running: readonly SimProcess[]): boolean {
  const waiting = running.find((process) => process.id === 'a' && process.guest.event === 0);
  const backups = world.processes.filter((process) => process.running && process.id !== 'a').length;
  return waiting !== undefined && backups < world.minBackups;
}

function find(world: World, id: string, incarnation: string): SimProcess {
  return world.processes.find((process) => process.id === id && process.incarnation === incarnation) as SimProcess;
}

function describe(world: World): string {
  const processes = world.processes.map((process) => `${process.name}: ${JSON.stringify(process.end) ?? 'running'}`);
  return `record ${JSON.stringify(world.arbiter.state?.record)}; ${processes.join('; ')}`;
}

function idsOf(backups: number): string[] {
  return ['a', 'b', 'c'].slice(0, backups + 1);
}

/** Removes faults one after the other as long as the run still fails. */
export function shrink(schedule: Schedule): Schedule {
  for (const fault of schedule.faults) {
    const smaller = { ...schedule, faults: schedule.faults.filter((other) => other !== fault) };
    if (failureOf(smaller) !== undefined) return shrink(smaller);
  }
  return schedule;
}

export function failureOf(schedule: Schedule): Error | undefined {
  try {
    runSchedule(schedule);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** What to print about a failing schedule. */
export function reportFailure(schedule: Schedule, error: Error): string {
  const smallest = shrink(schedule);
  return [
    `seed ${schedule.seed}: ${error.message}`,
    `smallest schedule that fails: ${JSON.stringify(smallest)}`,
    `which fails with: ${failureOf(smallest)?.message}`,
    `again, with a trace: npm run sim -- --seed ${schedule.seed} --steps ${schedule.faults.length} --trace`,
  ].join('\n');
}
