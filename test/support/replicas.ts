/** Primaries and backups as real processes around one arbiter directory, serving the key-value guest. */
import path from 'node:path';
import { CliProcess, ROOT, type StartOptions } from './cli-process.js';
import { temporaryFolder } from './modules.js';
import { RespClient } from './resp-client.js';

export const KV = path.join(ROOT, 'guests/kv/build/kv.wasm');

/** Short enough for tests, long enough for two busy cores. */
const TIMING = ['--heartbeat', '20ms', '--failure-timeout', '1s'];

export interface ReplicaOptions extends StartOptions {
  readonly flags?: readonly string[];
  readonly module?: string;
  readonly args?: readonly string[];
}

export interface ReplicaProcess {
  readonly process: CliProcess;
  /** Where it listens for other replicas. */
  readonly logAddress: string;
}

export class Replicas {
  readonly folder = temporaryFolder();
  readonly arbiter = `file:${this.folder}/record`;

  /** Starts a primary and waits until its log port is open. */
  primary(options: ReplicaOptions = {}): Promise<ReplicaProcess> {
    return this.#start('primary', ['--id', 'alpha'], options);
  }

  /** Starts a backup of `primary`, a log address, and waits until its own log port is open. */
  backup(primary: string, options: ReplicaOptions = {}): Promise<ReplicaProcess> {
    return this.#start('backup', ['--id', 'beta', '--primary', primary], options);
  }

  /** Starts both, lets `via` stand between them, and waits until the backup has joined. */
  async pair(via: (logAddress: string) => Promise<string> = async (address) => address) {
    const alpha = await this.primary();
    const beta = await this.backup(await via(alpha.logAddress));
    await alpha.process.event('backup-joined');
    await alpha.process.event('guest-started');
    return { alpha: alpha.process, beta: beta.process, logAddresses: [alpha.logAddress, beta.logAddress] };
  }

  async #start(role: string, own: readonly string[], options: ReplicaOptions): Promise<ReplicaProcess> {
    const { flags = [], module = KV, args = [], ...startOptions } = options;
    const process = CliProcess.start(
      [
        ...['serve', '--role', role, '--log-listen', '127.0.0.1:0', '--arbiter', this.arbiter],
        ...['--tcplisten', '127.0.0.1:0', ...TIMING, ...own, ...flags, module, ...args],
      ],
      startOptions,
    );
    const { address } = await process.event('listening', { kind: 'log' });
    return { process, logAddress: String(address) };
  }
}

/** Starts a gateway to the replicas and waits until it is attached to the live one. */
export async function startGateway(logAddresses: readonly string[], ...flags: string[]): Promise<CliProcess> {
  const args = ['gateway', '--listen', '127.0.0.1:0', '--replicas', logAddresses.join(','), ...flags];
  const gateway = CliProcess.start(args);
  await gateway.event('gateway-attached');
  return gateway;
}

/** Connects to the clients' address of a gateway. */
export async function connectThrough(gateway: CliProcess): Promise<RespClient> {
  const { address } = await gateway.event('listening', { kind: 'gateway' });
  return RespClient.connect(String(address));
}

/** Connects to the guest that `process` serves, once it serves. */
export async function connectTo(process: CliProcess): Promise<RespClient> {
  const { address } = await process.event('listening', { kind: 'client' });
  return RespClient.connect(String(address));
}
