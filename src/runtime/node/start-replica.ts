/** One replica of a replicated service, for as long as its process takes part. */
import type { Arbiter } from '../../arbiter/arbiter.js';
import { openArbiter } from '../../arbiter/node/open.js';
import { EXIT_CODES } from '../../replica/exit-codes.js';
import { decideStart } from '../../replica/failover.js';
import { parseAddress } from '../../transport/address.js';
import type { Channel } from '../../transport/channel.js';
import { MemoryChannelPair } from '../../transport/memory.js';
import type { ReplicaStop } from '../driver.js';
import {
  checkReplicaOptions,
  type ReplicaOptions,
  type Service,
  type ServiceEvent,
  type ServiceExit,
  type ServiceStats,
} from '../options.js';
import { REPLICA_PLAYS, rehearse } from '../rehearsal/rehearsal.js';
import { NodePeerNetwork } from './peer-network.js';
import { type LifeOptions, type LifeParts, ReplicaLife } from './replica-life.js';
import { checkNobodyLives, DurableHome } from './start-durable.js';
import { startGateway } from './start-gateway.js';
import { nodeTimers } from './timers.js';

/** A guest that diverges again and again will not be cured by another copy of the state. */
const DIVERGENCES_MAX = 3;

/** What a gateway in this process may have waiting before it holds bulk data back. */
const LOCAL_BYTES_HIGH = 1 << 20;

/**
 * Starts a primary, a backup or a standby. Rejects if the module, an address or the arbiter cannot be used; later trouble
 * shows in events and in `done`.
 */
export async function startReplica(options: ReplicaOptions): Promise<Service> {
  const timing = checkReplicaOptions(options);
  const address = parseAddress(options.logListen, 'logListen');
  const arbiter = openArbiter(options.arbiter);
  const id = options.id ?? `${options.role}-${process.pid}`;
  await arbiter.read();
  let replica: ReplicaProcess | undefined;
  const network = await NodePeerNetwork.open(address, {
    onChannel: (channel) => (replica === undefined ? channel.destroy() : replica.accept(channel)),
    onHeartbeat: (payload) => replica?.life?.heartbeat(payload),
  });
  const emit = (event: ServiceEvent): void => options.onEvent?.(event);
  let durable: DurableHome | undefined;
  try {
    durable = await DurableHome.open(options);
    if (durable?.service !== undefined) await checkNobodyLives(arbiter, network.address);
    const parts: LifeParts = { arbiter, network, logAddress: network.address, timing, emit, durable };
    replica = await ReplicaProcess.start({ ...options, id }, parts);
    return replica;
  } catch (error) {
    network.close();
    await durable?.close();
    throw error;
  }
}

class ReplicaProcess implements Service {
  readonly #options: LifeOptions;
  readonly #parts: LifeParts;
  life: ReplicaLife | undefined;
  done: Promise<ServiceExit> = Promise.reject(new Error('the replica has not been started'));
  #stats: ServiceStats | undefined;
  #leaving = false;
  #divergences = 0;
  #stopRehearsing: () => void = () => {};

  private constructor(options: LifeOptions, parts: LifeParts) {
    this.#options = options;
    this.#parts = parts;
    this.done.catch(() => {});
  }

  static async start(options: LifeOptions, parts: LifeParts): Promise<ReplicaProcess> {
    const replica = new ReplicaProcess(options, parts);
    const { emit, logAddress } = parts;
    const life = await ReplicaLife.open(options, parts);
    try {
      await replica.#takeAddresses(life);
      replica.#announce('log', logAddress, emit);
      for (const address of life.host.listeners.addresses) replica.#announce('client', address, emit);
      replica.#begin(life);
      if (options.role === 'primary') void life.host.feedStdin(options.stdin);
      replica.done = replica.#live(life);
      replica.#stopRehearsing = rehearse(nodeTimers, REPLICA_PLAYS);
      await replica.#openGateway();
      return replica;
    } catch (error) {
      await life.close();
      throw error;
    }
  }

  /** Somebody has connected to its log address. */
  accept(channel: Channel): void {
    if (this.life === undefined) channel.destroy();
    else this.life.accept(channel);
  }

  close(): Promise<ServiceExit> {
    this.#leaving = true;
    this.life?.shutdown();
    return this.done;
  }

  stats(): ServiceStats {
    return this.life?.stats() ?? (this.#stats as ServiceStats);
  }

  /** A service that is started or recovered here is served here. */
  async #takeAddresses(life: ReplicaLife): Promise<void> {
    const { durable, arbiter } = this.#parts;
    if (!life.recovers) {
      if (!(await isToStart(this.#options, arbiter, life))) return;
      if (durable?.forgotten !== undefined) throw durable.forgotten;
    }
    await life.host.listeners.bind();
  }

  #announce(kind: 'log' | 'client', address: string, emit: LifeParts['emit']): void {
    emit({ name: 'listening', level: 'info', fields: { replica: this.#options.id, kind, address } });
  }

  #begin(life: ReplicaLife): void {
    this.life = life;
    life.begin();
    if (this.#leaving) life.shutdown();
  }

  /** Lives until there is no reason to go on. */
  async #live(first: ReplicaLife): Promise<ServiceExit> {
    let life: ReplicaLife = first;
    for (;;) {
      const { stats, ...stop } = await life.ended();
      this.#stats = stats;
      this.life = undefined;
      const exit: ServiceExit = { exitCode: stop.exitCode, reason: stop.reason, stats };
      if (!this.#goesOn(stop)) return this.#end(exit);
      this.#report('rejoining', { reason: stop.reason });
      try {
        life = await ReplicaLife.open({ ...this.#options, role: rejoinRole(this.#options.role) }, this.#parts);
      } catch (error) {
        return this.#end({ ...exit, exitCode: EXIT_CODES.brokenHost, reason: (error as Error).message });
      }
      this.#begin(life);
    }
  }

  #goesOn({ mayRejoin, exitCode }: ReplicaStop): boolean {
    if (!mayRejoin || this.#leaving || this.#options.rejoin === false) return false;
    if (exitCode === EXIT_CODES.divergence) this.#divergences++;
    return this.#divergences < DIVERGENCES_MAX;
  }

  async #end(exit: ServiceExit): Promise<ServiceExit> {
    this.#stopRehearsing();
    this.#parts.network.close();
    await this.#parts.durable?.close();
    return exit;
  }

  #report(name: 'rejoining', fields: Record<string, unknown>): void {
    this.#parts.emit({ name, level: 'warn', fields: { replica: this.#options.id, ...fields } });
  }

  async #openGateway(): Promise<void> {
    const { gatewayListen = [], replicas = [], primary, id } = this.#options;
    if (gatewayListen.length === 0) return;
    const others = [...replicas, ...(primary === undefined ? [] : [primary])];
    const { logAddress: address, emit } = this.#parts;
    const gateway = await startGateway(
      {
        listen: gatewayListen,
        replicas: [...new Set([address, ...others])],
        onEvent: (event) => emit({ ...event, fields: { replica: id, ...event.fields } }),
      },
      { address, connect: () => this.#connect() },
    );
    void this.done.then(() => gateway.close());
  }

  /** For the gateway in this process: through sockets, each request would be written and read twice more. */
  #connect(): Channel {
    const { a, b } = new MemoryChannelPair({ bufferedBytesHigh: LOCAL_BYTES_HIGH, later: queueMicrotask });
    this.accept(b);
    return a;
  }
}

/** A primary whose service runs elsewhere already must leave the clients' addresses to who serves there. */
async function isToStart(options: LifeOptions, arbiter: Arbiter, life: ReplicaLife): Promise<boolean> {
  if (options.role !== 'primary') return false;
  const self = { id: options.id, incarnation: '' };
  return decideStart(self, options.service ?? life.host.name, await arbiter.read()).kind !== 'running';
}

/** Whatever it was: the service is live elsewhere by now. */
function rejoinRole(role: ReplicaOptions['role']): ReplicaOptions['role'] {
  return role === 'standby' ? 'standby' : 'backup';
}
