/**
 * One scripted session of a service with several backups, again and again: each time some replicas die, one after the other,
 * at other steps. A step is the arrival of a message between replicas, heartbeats included.
 */
import { FrameType } from '../../src/transport/frame.js';
import type { ClientPlan, SimClient } from './client.js';
import { Random } from './random.js';
import { type Ending, settle } from './settle.js';
import { type ReplicaPlan, World } from './world.js';

const SEED = 11;
const CLIENT_STARTS_MS = 150;
const GIVE_UP_MS = 2_000;

/** Nothing of what it sends depends on chance. */
const PLAN: ClientPlan = {
  ...{ requests: 60, pipeline: 3, paddingMax: 0, thinkMsMax: 14, silentShare: 0, ending: 'end' },
};

export interface Death {
  readonly id: string;
  /** So many steps after the death before, or after the service was redundant and had a client. */
  readonly afterSteps: number;
  /** The kernel ends its connections; otherwise they say nothing any more. */
  readonly gently: boolean;
}

export interface FailureStory {
  readonly replicas: readonly ReplicaPlan[];
  readonly acks?: number;
  readonly deaths: readonly Death[];
}

export interface FailureRun {
  readonly received: readonly string[];
  readonly ending: Ending;
  readonly transfers: number;
  readonly resumed: number;
  /** Backups that left the epoch to one with more of the log. */
  readonly deferred: number;
  /** Who was live at the end. */
  readonly live: string | undefined;
}

/** Plays the session with these deaths. Rejects with SafetyError or LivenessError. */
export async function playFailures(story: FailureStory): Promise<FailureRun> {
  const deaths = [...story.deaths];
  const counts = { transfers: 0, resumed: 0, deferred: 0 };
  const world = new World({
    ...{ random: new Random(SEED), replicas: story.replicas, backups: story.replicas.length - 1, gateways: ['g1'] },
    ...{ minBackups: 0, guestRequests: Number.MAX_SAFE_INTEGER },
    ...(story.acks === undefined ? {} : { acks: story.acks }),
    onTrace: (line) => {
      if (line.includes(' transfer-started ')) counts.transfers++;
      if (line.includes(' backup-resumed ')) counts.resumed++;
      if (line.includes(' claim-deferred ')) counts.deferred++;
    },
  });
  let client: SimClient | undefined;
  let steps = 0;
  let transfersBefore = 0;
  world.network.onFrame = (_from, _to, frame) => {
    if (client === undefined || frame.type !== FrameType.Peer) return;
    for (steps++; deaths[0] !== undefined && steps >= deaths[0].afterSteps; steps = 0) {
      const { id, gently } = deaths.shift() as Death;
      world.replica(id)?.kill(gently);
    }
  };
  for (const { id } of story.replicas) world.scheduler.at(1, () => world.startReplica(id));
  world.scheduler.at(1, () => world.startGateway('g1'));
  await world.scheduler.runUntil(CLIENT_STARTS_MS);
  while (world.arbiter.state?.record.members.length !== story.replicas.length) {
    if (world.scheduler.nowMs > GIVE_UP_MS) throw new Error('the service did not become redundant');
    await world.scheduler.runUntil(world.scheduler.nowMs + 10);
  }
  transfersBefore = counts.transfers;
  world.startClient(PLAN);
  client = world.clients[0] as SimClient;
  const ending = await settle(world);
  const { received } = client;
  const live = world.arbiter.state?.record.live;
  return { ...counts, received, ending, transfers: counts.transfers - transfersBefore, live };
}
