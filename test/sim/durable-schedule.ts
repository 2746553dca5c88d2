/**
 * Schedules in which all replicas lose power at once, once or twice, and an operator starts the service again from one of
 * their disks. Faults of other kinds come before and between, the recovery itself included.
 */
import type { OutputAfter } from '../../src/durable/index.js';
import { type ClientPlan, drawPlan } from './client.js';
import { calm, drawFaults, type Fault, strike } from './faults.js';
import { Random } from './random.js';
import { type Ending, settle } from './settle.js';
import { type ReplicaPlan, World } from './world.js';

export interface Blackout {
  readonly atMs: number;
  /** How long until the operator comes. */
  readonly darkMs: number;
  /** Processes are killed, and their machines keep power. */
  readonly gently: boolean;
  /** Whose disks are tried, one after the other. */
  readonly order: readonly string[];
}

export interface DurableSchedule {
  readonly seed: number;
  readonly outputAfter: OutputAfter;
  readonly replicas: readonly ReplicaPlan[];
  readonly backups: number;
  readonly acks?: number;
  readonly clients: readonly { readonly atMs: number; readonly plan: ClientPlan }[];
  readonly faults: readonly Fault[];
  readonly blackouts: readonly Blackout[];
  /** Disks that are full for a while. */
  readonly fullDisks: readonly { readonly id: string; readonly atMs: number; readonly durationMs: number }[];
}

const GATEWAY = 'g1';
/** An attempt to recover is given so long. */
const RECOVERY_MS = 600;
const FAULTS_END_MS = 1_500;
const PULSE_MS = 0.5;

export function drawDurableSchedule(seed: number): DurableSchedule {
  const random = new Random(seed);
  const ids = ['a', 'b', 'c'].slice(0, random.pick([2, 2, 2, 3]));
  const replicas = ids.map((id, at): ReplicaPlan => ({ id, role: at === 0 ? 'primary' : 'standby' }));
  const backups = ids.length - 1;
  const firstMs = random.between(60, 900);
  const times = random.chance(0.5) ? [firstMs] : [firstMs, firstMs + random.between(100, 700)];
  const blackouts = times.map((atMs) => ({
    ...{ atMs, darkMs: random.between(1, 150), gently: random.chance(0.2) },
    order: random.chance(0.5) ? ids : [...ids].reverse(),
  }));
  const clients = Array.from({ length: random.whole(2, 5) }, () => ({
    atMs: random.between(0, 900),
    plan: drawPlan(random),
  }));
  const fullDisks = random.chance(0.2)
    ? [{ id: random.pick(ids), atMs: random.between(0, 800), durationMs: random.between(20, 300) }]
    : [];
  return {
    ...{ seed, replicas, backups, blackouts, clients, fullDisks },
    outputAfter: random.chance(0.75) ? 'fsync' : 'ack',
    ...(random.chance(0.2) ? { acks: random.whole(1, backups) } : {}),
    faults: drawFaults(random, ids, random.whole(0, 3)),
  };
}

export interface DurableRun {
  readonly ending: Ending;
  /** Recoveries from a disk that had everything that was released, and from one that may have lacked some. */
  readonly whole: number;
  readonly doubtful: number;
}

/**
 * Rejects with SafetyError, LivenessError, or whatever a replica or gateway throws. `isTrusted`: the checker takes every
 * recovery for one from a disk that has everything, which must make it fail.
 */
export async function runDurableSchedule(
  schedule: DurableSchedule,
  onTrace?: (line: string) => void,
  isTrusted = false,
): Promise<DurableRun> {
  const counts = { whole: 0, doubtful: 0 };
  const world = new World({
    ...{ random: new Random(schedule.seed ^ 0x5eed), replicas: schedule.replicas, gateways: [GATEWAY] },
    ...{ minBackups: 0, backups: schedule.backups, outputAfter: schedule.outputAfter },
    guestRequests: Number.MAX_SAFE_INTEGER,
    ...(schedule.acks === undefined ? {} : { acks: schedule.acks }),
    onTrace: (line) => {
      if (line.includes(' recovering ')) counts[line.includes('"complete":true') ? 'whole' : 'doubtful']++;
      onTrace?.(line);
    },
  });
  if (isTrusted) world.recovers = () => {};
  await play(world, schedule);
  if (world.damage !== undefined) throw world.damage;
  const ending = await settle(world);
  return { ending, ...counts };
}

async function play(world: World, schedule: DurableSchedule): Promise<void> {
  const { scheduler, random } = world;
  // Long chains of promises get on at each event, and there may be none while everybody is dead.
  const pulse = (): void => scheduler.after(PULSE_MS, pulse);
  pulse();
  for (const id of world.replicaIds) scheduler.after(random.between(0, 40), () => world.startReplica(id));
  world.startGateway(GATEWAY);
  for (const { atMs, plan } of schedule.clients) scheduler.at(50 + atMs, () => world.startClient(plan));
  for (const fault of schedule.faults) scheduler.at(fault.atMs, () => strike(world, fault));
  for (const { atMs, durationMs, id } of schedule.fullDisks) {
    scheduler.at(atMs, () => fill(world, id, true));
    scheduler.at(atMs + durationMs, () => fill(world, id, false));
  }
  for (const blackout of schedule.blackouts) scheduler.at(blackout.atMs, () => strikeAll(world, blackout));
  await scheduler.runUntil(FAULTS_END_MS);
  calm(world);
  const { order } = schedule.blackouts.at(-1)!;
  scheduler.after(0, () => void operate(world, order));
  await scheduler.runUntil(scheduler.nowMs + RECOVERY_MS * (order.length + 1));
  world.startClient(drawPlan(random));
}

function fill(world: World, id: string, isFull: boolean): void {
  world.disk(id).isFull = isFull;
  world.note(`the disk of ${id} ${isFull ? 'is full' : 'has room'}`);
}

function strikeAll(world: World, { darkMs, gently, order }: Blackout): void {
  world.note(`blackout${gently ? ' of processes' : ''}`);
  for (const id of world.replicaIds) {
    const process = world.replica(id);
    if (process?.running) process.kill(gently);
    else if (!gently) world.powerFailed(id);
  }
  world.scheduler.after(darkMs, () => void operate(world, order));
}

const operators = new WeakMap<World, object>();

/** Tries one disk after the other, unless somebody serves, then starts the other replicas. Another operator takes over. */
async function operate(world: World, order: readonly string[]): Promise<void> {
  const self = {};
  operators.set(world, self);
  for (const id of order) {
    if (anybodyServes(world) || operators.get(world) !== self) break;
    // It only waits for somebody who has the service.
    world.replica(id)?.kill(true);
    world.recoverReplica(id);
    await passed(world, id);
  }
  if (operators.get(world) === self) for (const id of order) world.startReplica(id);
}

/** Until the replica serves or has ended, or enough time has passed. */
async function passed(world: World, id: string): Promise<void> {
  const untilMs = world.scheduler.nowMs + RECOVERY_MS;
  while (world.replica(id)?.running && !world.replica(id)?.live && world.scheduler.nowMs < untilMs) {
    await new Promise<void>((resolve) => world.scheduler.after(5, resolve));
  }
}

function anybodyServes(world: World): boolean {
  const live = world.arbiter.state?.record.live;
  return live !== undefined && world.replica(live)?.running === true && world.replica(live)?.live === true;
}
