/** After the faults: waits until the service and its clients have come to an end that is right, or says what is missing. */
import { sameMember } from '../../src/arbiter/arbiter.js';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import type { ReplicaProcess } from './replica-process.js';
import type { World } from './world.js';

const STEP_MS = 200;
const STEPS_MAX = 90;
/** Time for the last words about streams that are over. */
const TIDY_MS = 600;

export class LivenessError extends Error {}

/** How a run ended: the service is live, is over in good order, waits for a backup, or all its members died. */
export type Ending = 'live' | 'ended' | 'waiting' | 'dead';

/** Looks twice at what could still change. */
export async function settle(world: World): Promise<Ending> {
  let ending: Ending | undefined;
  for (let step = 0; step < STEPS_MAX; step++) {
    await world.scheduler.runUntil(world.scheduler.nowMs + STEP_MS);
    const next = judge(world);
    if (next !== undefined && next === ending) {
      if (next === 'live') await tidy(world);
      return next;
    }
    ending = next;
  }
  throw new LivenessError(`the service did not come back: ${describe(world)}`);
}

function judge(world: World): Ending | undefined {
  if (world.arbiter.state?.record.ended) return 'ended';
  const members = membersOf(world);
  const running = members.filter((process) => process.running && !process.stopping);
  const live = running.find((process) => process.live);
  if (live !== undefined) return allServed(world) && isRedundant(world, live, running) ? 'live' : undefined;
  if (running.length === 0) return everybodyDied(world, members) ? 'dead' : undefined;
  if (tooFewForSurvey(world, running)) return 'dead';
  return waitsForBackups(world, running) ? 'waiting' : undefined;
}

function allServed(world: World): boolean {
  return world.clients.every((client) => client.state !== 'open');
}

/** As many backups as are wanted and available are in the record, and no dead ones. */
function isRedundant(world: World, live: ReplicaProcess, running: readonly ReplicaProcess[]): boolean {
  // One that only waits for gateways to take the last output joins nobody any more.
  const available = world.replicas
    .filter(({ running, stopping }) => running && !stopping)
    .filter((one) => one !== live);
  const backups = running.filter((process) => process !== live);
  const named = (world.arbiter.state?.record.members.length ?? 0) - 1;
  if (named > backups.length || !backups.every(({ following }) => following)) return false;
  const wanted = Math.max(world.options.backups, world.options.minBackups);
  return backups.length >= Math.min(wanted, available.length) || !live.guest.capturing.possible;
}

/** Everybody has been served: every request was executed once, and nothing of the finished streams is left behind. */
async function tidy(world: World): Promise<void> {
  await world.scheduler.runUntil(world.scheduler.nowMs + TIDY_MS);
  const { checker } = world;
  const members = membersOf(world);
  // One that lost its epoch may still wait for the arbiter to tell it so.
  const live = members.find((process) => process.running && process.live) as ReplicaProcess;
  for (const [id, times] of live.guest.program.executed) checker.executed(live, id, times);
  for (const client of world.clients.filter(({ state, run }) => state === 'over' && run === checker.runs)) {
    const forgotten = client.certainIds.find((id) => live.guest.program.executed.get(id) !== 1);
    if (forgotten !== undefined) checker.fail(`${live.name} has not executed ${forgotten}, whose client is through`);
  }
  const gatewaysDied = world.gatewaysAwaited || world.gateways.some((gateway) => !gateway.running);
  if (!gatewaysDied && live.guest.openStreams > 0) leak(`${live.name}'s guest holds dead connections`);
  for (const process of members) {
    checkHistory(world, live, process);
    if (!gatewaysDied && process.port.streams.size > 0) leak(`${process.name} keeps streams that are over`);
  }
  for (const { gateway, running, name } of world.gateways) {
    if (running && gateway.connections > 0) leak(`${name} keeps ${gateway.connections} connections that are over`);
  }
}

/** Restored or not, a backup has the digest of the live guest wherever it has been. */
function checkHistory({ checker }: World, live: ReplicaProcess, backup: ReplicaProcess): void {
  for (const [event, digest] of backup.digests.entries()) {
    if (digest === live.digests[event]) continue;
    checker.fail(`${backup.name} has digest ${digest} at event ${event}, ${live.name} ${live.digests[event]}`);
  }
}

function leak(what: string): never {
  throw new LivenessError(what);
}

/** Nobody can go live any more: right only if each member was killed or left in good order. */
function everybodyDied(world: World, members: readonly ReplicaProcess[]): boolean {
  const starting = world.replicas.some((process) => process.running && !process.stopping && process.id === 'a');
  return !starting && members.every((process) => diedWithReason(world, process));
}

/**
 * Output waited for fewer than all backups, and those that are left cannot know whether a dead one had more of the log:
 * nobody may go live.
 */
function tooFewForSurvey(world: World, running: readonly ReplicaProcess[]): boolean {
  const record = world.arbiter.state?.record;
  if (record?.acks === undefined) return false;
  const { acks, live, members } = record;
  return running.every(({ id }) => id !== live) && running.length < members.length - acks;
}

function diedWithReason(world: World, process: ReplicaProcess): boolean {
  if (process.end?.how !== 'stopped') return true;
  const reasons: number[] = [EXIT_CODES.ok, EXIT_CODES.divergence, world.guestExitCode];
  if (world.namedByTheDead) reasons.push(EXIT_CODES.lostEpoch);
  return reasons.includes(process.end.exitCode);
}

/** A primary whose guest has not started, and fewer backups alive than it needs. */
function waitsForBackups(world: World, running: readonly ReplicaProcess[]): boolean {
  const waiting = running.find((process) => process.id === 'a' && !process.live);
  const backups = world.replicas.filter((process) => process.running && process.id !== 'a').length;
  return waiting !== undefined && backups < world.options.minBackups;
}

/** The replicas of the arbiter's record. */
function membersOf(world: World): ReplicaProcess[] {
  const members = world.arbiter.state?.record.members ?? [];
  return world.replicas.filter((process) => members.some((member) => sameMember(member, process)));
}

function describe(world: World): string {
  const replicas = world.replicas.map((process) => `${process.name}: ${JSON.stringify(process.end) ?? 'running'}`);
  const clients = world.clients.filter(({ state }) => state === 'open').map((client) => client.describe());
  return [`record ${JSON.stringify(world.arbiter.state?.record)}`, ...replicas, ...clients].join('; ');
}
