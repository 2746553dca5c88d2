/** Everything in one place: time, network, arbiter, and every process and client that was ever started. */
import { type ArbiterRecord, type CompareAndSetResult, type Member, sameMember } from '../../src/arbiter/arbiter.js';
import { MemoryArbiter } from '../../src/arbiter/memory.js';
import type { OutputAfter } from '../../src/durable/index.js';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import type { ReplicaConfig } from '../../src/replica/types.js';
import { Checker } from './checker.js';
import { type ClientPlan, SimClient } from './client.js';
import { SimDisk } from './disk.js';
import { GatewayProcess } from './gateway-process.js';
import type { Host } from './host.js';
import { Network } from './network.js';
import type { Random } from './random.js';
import { ReplicaProcess } from './replica-process.js';
import { Scheduler } from './scheduler.js';
import type { TransferStep } from './transfer-steps.js';

/** Mistakes that the checkers must find. */
export const MUTATIONS = [
  'release-before-acknowledgement',
  'backup-keeps-no-output',
  'input-not-kept',
  'output-sent-again',
  'arbiter-grants-everything',
  'held-outputs-forgotten',
  'capture-off-by-one',
  'recorded-before-caught-up',
  'arming-skipped',
  'served-before-acknowledged',
] as const;
export type Mutation = (typeof MUTATIONS)[number];

export interface ReplicaPlan {
  readonly id: string;
  readonly role: ReplicaConfig['role'];
}

export interface WorldOptions {
  readonly random: Random;
  readonly replicas: readonly ReplicaPlan[];
  readonly gateways: readonly string[];
  readonly minBackups: number;
  /** So many backups are wanted. */
  readonly backups: number;
  readonly acks?: number;
  /** Replicas keep snapshots and log on disk; absent: they do not. */
  readonly outputAfter?: OutputAfter;
  /** The guest exits after so many requests. */
  readonly guestRequests: number;
  readonly mutation?: Mutation;
  readonly onTrace?: (line: string) => void;
}

export interface Ambush {
  readonly step: TransferStep;
  /** So many times the step passes unharmed. */
  skip: number;
  readonly delayMs: number;
  strike(source: string, newcomer: string): void;
}

export class World {
  readonly scheduler = new Scheduler();
  readonly arbiter = new MemoryArbiter();
  readonly checker = new Checker(() => this.arbiter.state);
  readonly network: Network;
  readonly random: Random;
  readonly guestExitCode = 7;
  /** Share of requests to the arbiter, and of its answers, that get lost or come very late. */
  arbiterLoss = 0;
  readonly replicas: ReplicaProcess[] = [];
  readonly gateways: GatewayProcess[] = [];
  readonly clients: SimClient[] = [];
  /** A process was dead when its request reached the arbiter, and named somebody who had looked before and left. */
  namedByTheDead = false;
  /** Faults that wait for a step of a transfer. */
  readonly ambushes: Ambush[] = [];
  /** Streams of a gateway that was given up may be kept until that counts as dead. */
  gatewaysAwaited = false;
  readonly #disks = new Map<string, SimDisk>();
  /** Why a directory could not be used, once that has happened. */
  damage: unknown;

  constructor(readonly options: WorldOptions) {
    this.random = options.random;
    this.network = new Network(this.scheduler, this.random);
  }

  get replicaIds(): string[] {
    return this.options.replicas.map(({ id }) => id);
  }

  /** Starts a replica, also as the next incarnation of one that has ended; does nothing if it runs. */
  startReplica(id: string): void {
    const plan = this.options.replicas.find((candidate) => candidate.id === id);
    if (plan !== undefined && !this.replica(id)?.running) this.#start(id, plan.role);
  }

  /** Starts a replica with what its disk has. */
  recoverReplica(id: string): void {
    if (!this.replica(id)?.running) this.#start(id, 'primary', true);
  }

  disk(id: string): SimDisk {
    const disk = this.#disks.get(id) ?? new SimDisk(this.random);
    this.#disks.set(id, disk);
    return disk;
  }

  /** A disk may be full; what is on it must be whole. */
  #cannotOpen(process: ReplicaProcess, error: unknown): void {
    process.end ??= { how: 'stopped', exitCode: EXIT_CODES.durable, reason: (error as Error).message };
    if (!this.disk(process.id).wasFull) this.damage ??= error;
  }

  /** The machine of a replica is without power. */
  powerFailed(id: string): void {
    this.#disks.get(id)?.powerFails();
  }

  /**
   * The service goes on from disk. Unless that has all that it ever released, what clients have seen behind `event` is lost,
   * and their connections are given up.
   */
  recovers(event: number, complete: boolean): void {
    if (complete) return;
    this.checker.recoversInDoubt(event);
    this.gatewaysAwaited = true;
    for (const gateway of this.gateways) gateway.isInDoubt = true;
  }

  /** The process of `ended` goes on with a fresh guest; the service is live elsewhere. */
  rejoin(ended: ReplicaProcess): void {
    if (this.replica(ended.id) !== ended) return;
    this.#start(ended.id, ended.role === 'standby' ? 'standby' : 'backup');
  }

  #start(id: string, role: ReplicaConfig['role'], recover = false): void {
    const { minBackups, backups, acks, replicas } = this.options;
    const first = (replicas[0] as ReplicaPlan).id;
    const config: ReplicaConfig = {
      ...{ id, role, minBackups, backups, service: 'toy', manifest: { module: 'toy' }, logAddress: id },
      incarnation: `${this.replicas.filter((process) => process.id === id).length + 1}`,
      ...(id === first ? {} : { primaryAddress: first }),
      ...(acks === undefined ? {} : { acks }),
      heartbeatMs: 40,
      failureTimeoutMs: 200,
      joinTimeoutMs: 1_500,
      shutdownTimeoutMs: 1_000,
      logBytesMax: 2_000,
      backlogBytesMax: 4_000,
      lagTargetMs: 100,
    };
    const process = new ReplicaProcess(this, config, recover);
    this.replicas.push(process);
    this.note(`start ${process.name} as ${role}${recover ? ', to recover' : ''}`);
    const begin = (): void => {
      if (!process.running) return;
      this.network.listen(process);
      process.start();
    };
    if (this.options.outputAfter === undefined) {
      process.openWithoutDisk();
      begin();
    } else {
      process.open().then(
        (isOpen) => isOpen && process.whenRunning(begin),
        (error: unknown) => this.#cannotOpen(process, error),
      );
    }
  }

  startGateway(id: string): void {
    if (this.gateway(id)?.running) return;
    const incarnation = `${this.gateways.filter((process) => process.id === id).length + 1}`;
    this.note(`start ${id}/${incarnation}`);
    this.gateways.push(new GatewayProcess(this, id, incarnation, this.replicaIds));
  }

  /** A client connects to a gateway that runs, if there is one. */
  startClient(plan: ClientPlan): void {
    const running = this.options.gateways.filter((id) => this.gateway(id)?.running);
    if (running.length === 0) return;
    const gateway = this.gateway(this.random.pick(running)) as GatewayProcess;
    this.clients.push(new SimClient(this, gateway, `c${this.clients.length + 1}`, plan));
  }

  /** The newest process under this id, dead or alive. */
  replica(id: string): ReplicaProcess | undefined {
    return this.replicas.findLast((process) => process.id === id);
  }

  gateway(id: string): GatewayProcess | undefined {
    return this.gateways.findLast((process) => process.id === id);
  }

  /** The arbiter's own doing, at the moment when it happens. */
  compareAndSet(from: Host, expectedGeneration: number, record: ArbiterRecord): CompareAndSetResult {
    const before = this.arbiter.state;
    const blind = this.options.mutation === 'arbiter-grants-everything';
    const newcomer = before === undefined ? undefined : newcomerOf(before.record, record);
    const result = this.arbiter.apply(blind ? (before?.generation ?? 0) : expectedGeneration, record);
    this.note(`arbiter ${from.name} ${JSON.stringify(record)} ${result.won ? 'won' : 'lost'}`);
    const heir = before?.record.members.some((member) => record.members.some((other) => sameMember(member, other)));
    const recovers = from instanceof ReplicaProcess && from.recover;
    if (result.won && heir !== true && !recovers) this.checker.startsAfresh();
    if (result.won && newcomer !== undefined && !from.running) this.namedByTheDead = true;
    if (result.won && newcomer !== undefined) this.reached('written', from.id, newcomer.id);
    return result;
  }

  /** A request is on its way to the arbiter. */
  proposed(from: Host, record: ArbiterRecord): void {
    const current = this.arbiter.state?.record;
    const newcomer = current === undefined ? undefined : newcomerOf(current, record);
    if (newcomer !== undefined) this.reached('proposed', from.id, newcomer.id);
  }

  /** A transfer from one replica to another has come to `step`. */
  reached(step: TransferStep, source: string, newcomer: string): void {
    const index = this.ambushes.findIndex((ambush) => ambush.step === step);
    const ambush = this.ambushes[index];
    if (ambush === undefined || ambush.skip-- > 0) return;
    this.ambushes.splice(index, 1);
    this.scheduler.after(ambush.delayMs, () => ambush.strike(source, newcomer));
  }

  note(line: string): void {
    this.options.onTrace?.(`${this.scheduler.nowMs.toFixed(1).padStart(8)} ${line}`);
  }
}

/** Whom `next` names besides the members of `current`. */
function newcomerOf(current: ArbiterRecord, next: ArbiterRecord): Member | undefined {
  if (next.members.length <= current.members.length) return undefined;
  return next.members.find((member) => !current.members.some((other) => sameMember(member, other)));
}
