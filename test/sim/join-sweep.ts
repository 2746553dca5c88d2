/**
 * One scripted session, in which a running guest is joined or recovers, again and again: each time one of the replicas dies
 * at another step. A step is the arrival of a message between replicas, heartbeats included.
 */

import { FrameType } from '../../src/transport/frame.js';
import type { ClientPlan, SimClient } from './client.js';
import { Random } from './random.js';
import { type Ending, settle } from './settle.js';
import { type ReplicaPlan, World } from './world.js';

const SEED = 5;
/** Steps that are swept behind the last one of a join. */
const STEPS_AFTER = 12;
const NEWCOMER_STARTS_MS = 100;
const LOSS_MS = 200;
const RESTART_MS = 30;

/** Who dies: either end of the transfer, or the backup that has no part in it. */
export type Victim = 'source' | 'newcomer' | 'bystander';

export interface JoinStory {
  readonly name: string;
  readonly replicas: readonly ReplicaPlan[];
  readonly backups: number;
  readonly newcomer: string;
  /** The first primary is killed, so that another one takes `newcomer`; otherwise `newcomer` starts late. */
  readonly afterLoss: boolean;
  readonly victims: readonly Victim[];
}

export interface SweepRun {
  readonly received: readonly string[];
  readonly ending: Ending;
  /** Whether the record named the newcomer. */
  readonly recorded: boolean;
  /** Whether the record named nobody but the victim when it died. */
  readonly alone: boolean;
  /** Steps until the end of the join and a few more. */
  readonly steps: number;
}

/** Nothing of what it sends depends on chance. */
const PLAN: ClientPlan = {
  ...{ requests: 40, pipeline: 3, paddingMax: 0, thinkMsMax: 18, silentShare: 0, ending: 'end' },
};

class Sweeper {
  readonly #world: World;
  readonly #story: JoinStory;
  #armed = false;
  #source = '';
  #stepsLeft = Number.POSITIVE_INFINITY;
  steps = 0;
  recorded = false;
  alone = false;
  client: SimClient | undefined;

  constructor(story: JoinStory, kill: { readonly step: number; readonly victim: Victim } | undefined) {
    this.#story = story;
    this.#world = new World({
      ...{ random: new Random(SEED), replicas: story.replicas, backups: story.backups, gateways: ['g1'] },
      ...{ minBackups: 0, guestRequests: Number.MAX_SAFE_INTEGER },
    });
    this.#world.network.onFrame = (_from, _to, frame) => {
      if (!this.#armed || frame.type !== FrameType.Peer || this.#stepsLeft <= 0) return;
      this.steps++;
      this.#stepsLeft--;
      this.#look();
      if (this.steps === kill?.step) this.#kill(kill.victim);
    };
  }

  async run(): Promise<Ending> {
    const { scheduler } = this.#world;
    const { replicas, newcomer, afterLoss } = this.#story;
    for (const { id } of replicas) {
      const late = id === newcomer && !afterLoss;
      scheduler.at(late ? NEWCOMER_STARTS_MS : 1, () => {
        this.#armed ||= late;
        this.#world.startReplica(id);
      });
    }
    scheduler.at(1, () => this.#world.startGateway('g1'));
    scheduler.at(50, () => {
      this.#world.startClient(PLAN);
      this.client = this.#world.clients[0];
    });
    if (afterLoss) scheduler.at(LOSS_MS, () => this.#lose());
    await scheduler.runUntil(LOSS_MS + 1);
    return settle(this.#world);
  }

  #lose(): void {
    this.#armed = true;
    this.#world.replica('a')?.kill(true);
  }

  /** Who is live now, and whether the newcomer has arrived. */
  #look(): void {
    const record = this.#world.arbiter.state?.record;
    if (record === undefined) return;
    this.#source = record.live;
    if (this.recorded || !record.members.some(({ id }) => id === this.#story.newcomer)) return;
    this.recorded = true;
    this.#stepsLeft = STEPS_AFTER;
  }

  /** Comes back soon, unless it was the live one: alone it would begin the service anew. */
  #kill(victim: Victim): void {
    const { newcomer, replicas } = this.#story;
    const others = replicas.map(({ id }) => id).filter((id) => id !== newcomer && id !== this.#source);
    const ids = { source: this.#source, newcomer, bystander: others.find((id) => this.#world.replica(id)?.running) };
    const id = ids[victim] ?? newcomer;
    const members = this.#world.arbiter.state?.record.members ?? [];
    this.alone = members.length === 1 && members[0]?.id === id;
    this.#world.replica(id)?.kill(this.steps % 2 === 0);
    if (victim !== 'source') this.#world.scheduler.after(RESTART_MS, () => this.#world.startReplica(id));
    this.#stepsLeft = 0;
  }
}

/** The session once, undisturbed or with a death. */
export async function playJoin(
  story: JoinStory,
  kill?: { readonly step: number; readonly victim: Victim },
): Promise<SweepRun> {
  const sweeper = new Sweeper(story, kill);
  const ending = await sweeper.run();
  const { steps, recorded, alone } = sweeper;
  return { received: sweeper.client?.received ?? [], ending, recorded, alone, steps };
}
