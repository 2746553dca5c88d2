/**
 * One simulated run: faults strike for a while (safety is checked all the time), then they stop and every client must be
 * served to its end, unless the service has ended or everybody who could bring it back has died (liveness).
 */
import { type ClientPlan, drawPlan } from './client.js';
import { calm, drawAmbushes, drawFaults, type Fault, strike } from './faults.js';
import { withMistake } from './protocol-mistakes.js';
import { Random } from './random.js';
import { type Ending, settle } from './settle.js';
import { type Mutation, type ReplicaPlan, World } from './world.js';

const FAULTS_END_MS = 1_100;
/** Clients that come after the faults have stopped. */
const LATE_CLIENTS = 2;

export interface Schedule {
  readonly seed: number;
  /** The first one starts the service. */
  readonly replicas: readonly ReplicaPlan[];
  readonly gateways: number;
  readonly minBackups: number;
  /** So many backups are wanted. */
  readonly backups: number;
  /** Output waits for so many of them; absent: for all. */
  readonly acks?: number;
  /** The guest exits after so many requests. */
  readonly guestRequests: number;
  readonly clients: readonly { readonly atMs: number; readonly plan: ClientPlan }[];
  readonly faults: readonly Fault[];
  readonly mutation?: Mutation;
}

/** `steps`: number of faults; drawn as well if absent. */
export function drawSchedule(seed: number, steps?: number, mutation?: Mutation): Schedule {
  const random = new Random(seed);
  const replicas = drawReplicas(random);
  const backups = random.whole(1, replicas.length - 1);
  const gateways = random.chance(0.3) ? 2 : 1;
  const minBackups = random.chance(0.6) ? 0 : random.whole(1, replicas.length - 1);
  const acks = random.chance(0.25) ? { acks: random.whole(1, backups) } : {};
  const guestRequests = random.chance(0.2) ? random.whole(5, 30) : Number.MAX_SAFE_INTEGER;
  const ids = replicas.map(({ id }) => id);
  const drawn = steps ?? random.whole(0, 5);
  const aimed = random.chance(0.6) ? Math.min(drawn, random.whole(1, 3)) : 0;
  const faults = [
    ...drawFaults(random, [...ids, ...ids, ...gatewayIds(gateways)], drawn - aimed),
    ...drawAmbushes(random, aimed),
  ];
  const clients = Array.from({ length: random.whole(2, 6) }, () => ({
    atMs: random.between(0, 800),
    plan: drawPlan(random),
  }));
  const sizes = { gateways, minBackups, backups, ...acks, guestRequests };
  return { seed, replicas, ...sizes, clients, faults, ...(mutation ? { mutation } : {}) };
}

/** Mostly a pair; sometimes with more backups, or with others that stand by. */
function drawReplicas(random: Random): ReplicaPlan[] {
  const others = random.pick([1, 1, 1, 2, 2, 3]);
  const plans = ['b', 'c', 'd'].slice(0, others).map((id) => {
    const role: ReplicaPlan['role'] = random.chance(0.4) ? 'standby' : 'backup';
    return { id, role };
  });
  return [{ id: 'a', role: 'primary' }, ...plans];
}

/** Rejects with SafetyError, LivenessError, or whatever a replica or gateway throws. */
export async function runSchedule(schedule: Schedule, onTrace?: (line: string) => void): Promise<Ending> {
  const random = new Random(schedule.seed ^ 0x5eed);
  const world = new World({
    random,
    replicas: schedule.replicas,
    gateways: gatewayIds(schedule.gateways),
    minBackups: schedule.minBackups,
    backups: schedule.backups,
    guestRequests: schedule.guestRequests,
    ...(schedule.acks === undefined ? {} : { acks: schedule.acks }),
    ...(schedule.mutation ? { mutation: schedule.mutation } : {}),
    ...(onTrace ? { onTrace } : {}),
  });
  return withMistake(schedule.mutation, () =>
    withStrayErrors(async () => {
      await play(world, schedule);
      return settle(world);
    }),
  );
}

async function play(world: World, { clients, faults }: Schedule): Promise<void> {
  const { scheduler, random } = world;
  for (const id of world.replicaIds) scheduler.after(random.between(0, 40), () => world.startReplica(id));
  for (const id of world.options.gateways) scheduler.after(random.between(0, 40), () => world.startGateway(id));
  for (const { atMs, plan } of clients) scheduler.at(50 + atMs, () => world.startClient(plan));
  for (const fault of faults) scheduler.at(fault.atMs, () => strike(world, fault));
  await scheduler.runUntil(FAULTS_END_MS);
  calm(world);
  for (let late = 0; late < LATE_CLIENTS; late++) world.startClient(drawPlan(random));
}

/** Errors in promises that nobody awaits, as the driver's, fail the run too. */
async function withStrayErrors<T>(run: () => Promise<T>): Promise<T> {
  const stray: unknown[] = [];
  const onStray = (error: unknown): void => void stray.push(error);
  process.on('unhandledRejection', onStray).on('uncaughtException', onStray);
  try {
    const result = await run();
    await new Promise((resolve) => setImmediate(resolve));
    if (stray.length > 0) throw stray[0];
    return result;
  } finally {
    process.off('unhandledRejection', onStray).off('uncaughtException', onStray);
  }
}

function gatewayIds(count: number): string[] {
  return ['g1', 'g2'].slice(0, count);
}
