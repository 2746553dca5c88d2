/** Everything in one place: time, network, arbiter, and every process and client that was ever started. */
import { type ArbiterRecord, type CompareAndSetResult, sameMember } from '../../src/arbiter/arbiter.js';
import { MemoryArbiter } from '../../src/arbiter/memory.js';
import type { ReplicaConfig } from '../../src/replica/types.js';
import { Checker } from './checker.js';
import { type ClientPlan, SimClient } from './client.js';
import { GatewayProcess } from './gateway-process.js';
import type { Host } from './host.js';
import { Network } from './network.js';
import type { Random } from './random.js';
import { ReplicaProcess } from './replica-process.js';
import { Scheduler } from './scheduler.js';

/** Mistakes that the checkers must find. */
export const MUTATIONS = [
  'release-before-acknowledgement',
  'backup-keeps-no-output',
  'input-not-kept',
  'output-sent-again',
  'arbiter-grants-everything',
] as const;
export type Mutation = (typeof MUTATIONS)[number];

export interface WorldOptions {
  readonly random: Random;
  readonly replicas: readonly string[];
  readonly gateways: readonly string[];
  readonly minBackups: number;
  /** The guest exits after so many requests. */
  readonly guestRequests: number;
  readonly mutation?: Mutation;
  readonly onTrace?: (line: string) => void;
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

  constructor(readonly options: WorldOptions) {
    this.random = options.random;
    this.network = new Network(this.scheduler, this.random);
  }

  /** Starts a replica, also as the next incarnation of one that has ended; does nothing if it runs. */
  startReplica(id: string): void {
    if (this.replica(id)?.running) return;
    const role = id === this.options.replicas[0] ? 'primary' : 'backup';
    const config: ReplicaConfig = {
      id,
      incarnation: `${this.replicas.filter((process) => process.id === id).length + 1}`,
      role,
      service: 'toy',
      manifest: { module: 'toy' },
      logAddress: id,
      ...(role === 'backup' ? { primaryAddress: this.options.replicas[0] as string } : {}),
      minBackups: this.options.minBackups,
      heartbeatMs: 40,
      failureTimeoutMs: 200,
      joinTimeoutMs: 1_500,
      shutdownTimeoutMs: 1_000,
      logBytesMax: 2_000,
      backlogBytesMax: 4_000,
      lagTargetMs: 100,
    };
    const process = new ReplicaProcess(this, config);
    this.replicas.push(process);
    this.network.listen(process);
    this.note(`start ${process.name} as ${role}`);
    process.start();
  }

  startGateway(id: string): void {
    if (this.gateway(id)?.running) return;
    const incarnation = `${this.gateways.filter((process) => process.id === id).length + 1}`;
    this.note(`start ${id}/${incarnation}`);
    this.gateways.push(new GatewayProcess(this, id, incarnation, this.options.replicas));
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
    const result = this.arbiter.apply(blind ? (before?.generation ?? 0) : expectedGeneration, record);
    this.note(`arbiter ${from.name} ${JSON.stringify(record)} ${result.won ? 'won' : 'lost'}`);
    const heir = before?.record.members.some((member) => record.members.some((other) => sameMember(member, other)));
    if (result.won && heir !== true) this.checker.startsAfresh();
    return result;
  }

  note(line: string): void {
    this.options.onTrace?.(`${this.scheduler.nowMs.toFixed(1).padStart(8)} ${line}`);
  }
}
