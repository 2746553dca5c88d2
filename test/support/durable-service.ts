/** A service with a durable directory whose processes are killed and recovered, behind a gateway that stays up. */
import { expect } from 'vitest';
import { CliProcess } from './cli-process.js';
import { temporaryFolder } from './modules.js';
import {
  connectThrough,
  connectTo,
  gatewayArgs,
  KV,
  type ReplicaOptions,
  type ReplicaProcess,
  Replicas,
} from './replicas.js';
import type { RespClient } from './resp-client.js';

/** A port that the test's replicas take again and again, so that the gateway finds them. */
export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class DurableService {
  readonly replicas = new Replicas();
  readonly directory = `${temporaryFolder()}/alpha`;
  readonly backupDirectory = `${temporaryFolder()}/beta`;

  private constructor(
    readonly ports: readonly [alpha: number, beta: number],
    readonly flags: readonly string[],
  ) {}

  static async create(...flags: string[]): Promise<DurableService> {
    return new DurableService([await freePort(), await freePort()], flags);
  }

  get logAddresses(): string[] {
    return this.ports.map((port) => `127.0.0.1:${port}`);
  }

  /** A primary that begins the service, or goes on with it. */
  primary(how: 'durable' | 'recover', options: ReplicaOptions = {}): Promise<ReplicaProcess> {
    const own = [`--${how}`, this.directory, '--log-listen', this.logAddresses[0]!];
    return this.replicas.primary({ ...options, flags: [...own, ...this.flags, ...(options.flags ?? [])] });
  }

  backup(options: ReplicaOptions = {}): Promise<ReplicaProcess> {
    const own = ['--durable', this.backupDirectory, '--log-listen', this.logAddresses[1]!];
    return this.replicas.backup(this.logAddresses[0]!, {
      ...options,
      flags: [...own, ...this.flags, ...(options.flags ?? [])],
    });
  }

  /** Goes on with what the backup has written. */
  recoverBackup(): Promise<ReplicaProcess> {
    const flags = ['--id', 'beta', '--recover', this.backupDirectory, '--log-listen', this.logAddresses[1]!];
    return this.replicas.primary({ flags: [...flags, ...this.flags] });
  }

  /** For a service that may end before anybody has looked. */
  recoverArgs(module: string): string[] {
    const own = ['--id', 'alpha', '--recover', this.directory, '--log-listen', this.logAddresses[0]!];
    const listen = ['--arbiter', this.replicas.arbiter, '--tcplisten', '127.0.0.1:0'];
    return ['serve', '--role', 'primary', ...own, ...listen, ...this.flags, module];
  }

  /** A replica that may end before it listens. */
  async start(role: string, flags: readonly string[], module: string = KV): Promise<CliProcess> {
    const own = ['--role', role, '--log-listen', '127.0.0.1:0', '--arbiter', this.replicas.arbiter];
    return CliProcess.start(['serve', ...own, '--tcplisten', '127.0.0.1:0', ...flags, module]);
  }

  /** Resolves when `replica` has answered a client. */
  async served({ process }: ReplicaProcess): Promise<void> {
    const client = await connectTo(process);
    expect(await client.command('PING')).toBe('PONG');
    client.close();
  }

  async gateway(): Promise<CliProcess> {
    const gateway = CliProcess.start(gatewayArgs(this.logAddresses));
    await gateway.event('gateway-attached');
    return gateway;
  }
}

/** Clients that count, each its own key, one request at a time, and check every answer. */
export class Counters {
  readonly #clients: RespClient[] = [];
  readonly counts: number[];
  readonly #running: Promise<void>[] = [];
  #stopping = false;
  answers = 0;

  private constructor(clients: RespClient[]) {
    this.#clients = clients;
    this.counts = clients.map(() => 0);
    for (const index of clients.keys()) this.#running.push(this.#run(index));
  }

  static async start(gateway: CliProcess, count: number): Promise<Counters> {
    return new Counters(await Promise.all(Array.from({ length: count }, () => connectThrough(gateway))));
  }

  /** Resolves when so many more answers have come. */
  async more(answers: number): Promise<void> {
    const target = this.answers + answers;
    while (this.answers < target) {
      await Promise.race([...this.#running, new Promise<void>((resolve) => setImmediate(resolve))]);
    }
  }

  /** Ends after the answers that are under way; rejects if any was wrong. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
    for (const client of this.#clients) client.close();
  }

  async #run(index: number): Promise<void> {
    const client = this.#clients[index]!;
    while (!this.#stopping) {
      // Exactly once: neither lost nor counted twice, whatever died meanwhile.
      expect(await client.command('INCR', `counter-${index}`)).toBe(++this.counts[index]!);
      this.answers++;
    }
  }
}
