/** A schedule of faults, drawn from a seed. Each one is plain data, so that a failing schedule can be shrunk. */
import { ARBITER } from './arbiter-link.js';
import type { Random } from './random.js';
import { TRANSFER_STEPS, type TransferStep } from './transfer-steps.js';
import type { World } from './world.js';

export const FAULT_KINDS = [
  'kill',
  'kill',
  'power-off',
  'pause',
  'reset-connections',
  'cut-both-ways',
  'cut-outgoing',
  'cut-incoming',
  'cut-from-replicas',
  'cut-from-gateways',
  'cut-from-arbiter',
  'arbiter-away',
  'arbiter-lossy',
  'datagrams-lost',
  'slow-network',
  'sigterm',
  'diverge',
  'stall-channels',
  'slow-guest',
  'not-capturable',
] as const;

/** What strikes while a guest's state moves from one replica to another. */
const TRANSFER_FAULT_KINDS = [
  'kill',
  'kill',
  'kill',
  'power-off',
  'pause',
  'reset-connections',
  'cut-both-ways',
  'cut-from-arbiter',
  'arbiter-away',
  'arbiter-lossy',
  'sigterm',
  'stall-channels',
  'slow-guest',
] as const;

export interface Fault {
  readonly atMs: number;
  readonly kind: (typeof FAULT_KINDS)[number];
  /** Replica or gateway that it strikes, where it strikes one; either end of a transfer if it waits for one. */
  readonly target: string;
  readonly durationMs: number;
  /** A process that dies is started again after `durationMs`. */
  readonly restart: boolean;
  /** It waits, from `atMs` on, until a transfer comes to this step for the (`skip` + 1)st time, and then for `delayMs`. */
  readonly ambush?: { readonly step: TransferStep; readonly skip: number; readonly delayMs: number };
}

const SOURCE = 'source';
const NEWCOMER = 'newcomer';

/** Faults come alone or in quick succession on one process: the second one meets it in the middle of something. */
export function drawFaults(random: Random, targets: readonly string[], count: number): Fault[] {
  const faults: Fault[] = [];
  for (let left = count; left > 0; left--) {
    const previous = faults.at(-1);
    const atMs =
      previous !== undefined && random.chance(0.4) ? previous.atMs + random.between(0, 60) : drawTime(random);
    const target = previous !== undefined && random.chance(0.6) ? previous.target : random.pick(targets);
    const durationMs = random.chance(0.5) ? random.between(1, 150) : random.between(150, 700);
    faults.push({ atMs, kind: random.pick(FAULT_KINDS), target, durationMs, restart: random.chance(0.6) });
  }
  return faults;
}

/** Faults aimed at transfers; and one that makes a transfer necessary, often. */
export function drawAmbushes(random: Random, count: number): Fault[] {
  return Array.from({ length: count }, () => {
    const step = random.pick(TRANSFER_STEPS);
    const skip = random.whole(0, step === 'piece' ? 12 : 1);
    return {
      atMs: random.chance(0.7) ? 0 : random.between(0, 500),
      kind: random.pick(TRANSFER_FAULT_KINDS),
      target: random.chance(0.6) ? SOURCE : NEWCOMER,
      durationMs: random.chance(0.5) ? random.between(1, 150) : random.between(150, 700),
      restart: random.chance(0.8),
      ambush: { step, skip, delayMs: random.pick([0, 0.3, 2]) },
    };
  });
}

/** Often right at the start, while replicas join. */
function drawTime(random: Random): number {
  return random.chance(0.15) ? random.between(0, 30) : random.between(0, 700);
}

/** Carries the fault out, now or when what it waits for comes; what lasts ends after its duration. */
export function strike(world: World, fault: Fault): void {
  const { ambush, ...plain } = fault;
  if (ambush === undefined) {
    strikeNow(world, plain);
    return;
  }
  const strike = (source: string, newcomer: string): void =>
    strikeNow(world, { ...plain, target: fault.target === SOURCE ? source : newcomer });
  world.ambushes.push({ ...ambush, strike });
}

function strikeNow(world: World, fault: Fault): void {
  world.note(`fault ${JSON.stringify(fault)}`);
  const { network, scheduler } = world;
  const { gateways } = world.options;
  const replicas = world.replicaIds;
  const { target, durationMs } = fault;
  const process = world.replica(target) ?? world.gateway(target);
  const others = [...replicas, ...gateways].filter((id) => id !== target);
  switch (fault.kind) {
    case 'kill':
    case 'power-off':
      process?.kill(fault.kind === 'kill');
      if (fault.restart) scheduler.after(durationMs, () => restart(world, target));
      break;
    case 'pause':
      process?.pause();
      scheduler.after(durationMs, () => process?.resume());
      break;
    case 'reset-connections':
      if (process !== undefined) network.breakAllOf(process);
      break;
    case 'cut-both-ways':
      cut(world, bothWays(target, [...others, ARBITER]), durationMs);
      break;
    case 'cut-outgoing':
      cut(world, outgoing(target, others), durationMs);
      break;
    case 'cut-incoming':
      cut(world, incoming(target, others), durationMs);
      break;
    case 'cut-from-replicas':
      cut(world, bothWays(target, without(replicas, target)), durationMs);
      break;
    case 'cut-from-gateways':
      cut(world, bothWays(target, without(gateways, target)), durationMs);
      break;
    case 'cut-from-arbiter':
      cut(world, bothWays(target, [ARBITER]), durationMs);
      break;
    case 'arbiter-away':
      cut(world, outgoing(ARBITER, replicas), durationMs);
      break;
    case 'arbiter-lossy':
      world.arbiterLoss = 0.6;
      break;
    case 'datagrams-lost':
      network.datagramLoss = 0.5;
      break;
    case 'slow-network':
      network.delayMsMax = 8;
      break;
    case 'sigterm':
      world.replica(target)?.shutdown();
      break;
    case 'diverge':
      world.replica(target)?.diverge();
      break;
    case 'stall-channels':
      network.stall(target);
      scheduler.after(durationMs, () => network.unstall(target));
      break;
    case 'slow-guest':
      world.replica(target)?.slow(durationMs);
      break;
    case 'not-capturable':
      world.replica(target)?.guest.capturing.forbid();
      break;
  }
}

/** Faults stop; replicas that are dead stay dead, gateways come back. */
export function calm(world: World): void {
  world.note('calm');
  world.ambushes.length = 0;
  world.network.healAll();
  world.network.datagramLoss = 0;
  world.network.delayMsMax = 1;
  world.arbiterLoss = 0;
  for (const process of [...world.replicas, ...world.gateways]) process.resume();
  for (const id of world.options.gateways) world.startGateway(id);
}

function restart(world: World, id: string): void {
  if (world.options.gateways.includes(id)) world.startGateway(id);
  else world.startReplica(id);
}

type Link = readonly [from: string, to: string];

function outgoing(from: string, to: readonly string[]): Link[] {
  return to.map((id) => [from, id]);
}

function incoming(to: string, from: readonly string[]): Link[] {
  return from.map((id) => [id, to]);
}

function bothWays(one: string, others: readonly string[]): Link[] {
  return [...outgoing(one, others), ...incoming(one, others)];
}

function without(ids: readonly string[], id: string): string[] {
  return ids.filter((other) => other !== id);
}

function cut(world: World, links: readonly Link[], durationMs: number): void {
  for (const [from, to] of links) world.network.block(from, to);
  world.scheduler.after(durationMs, () => {
    for (const [from, to] of links) world.network.unblock(from, to);
  });
}
