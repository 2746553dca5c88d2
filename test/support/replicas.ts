/** Primaries and backups as real processes around one arbiter directory, serving the key-value guest. */
import path from 'node:path';
import { CliProcess, ROOT, type StartOptions } from './cli-process.js';
import { temporaryFolder } from './modules.js';
import { RespClient } from './resp-client.js';

export const KV = path.join(ROOT, 'guests/kv/build/kv.wasm');
/** Does with each connection what its argument says, see guests/echo/assembly/mode.ts. */
export const ECHO = path.join(ROOT, 'guests/echo/build/echo.wasm');

/** Short enough for tests, long enough for two busy cores. */
const TIMING = ['--heartbeat', '20ms', '--failure-timeout', '1s'];

export interface ReplicaOptions extends StartOptions {
  readonly flags?: readonly string[];
  readonly module?: string;
  readonly args?: readonly string[];
  /** This machine's address, for all that it listens on. */
  readonly host?: string;
}

/** What a pair needs to be told. */
export interface PairOptions extends Pick<ReplicaOptions, 'module' | 'args' | 'flags'> {
  /** Stands between the two: returns the address where the backup's connections go instead. */
  readonly via?: (logAddress: string) => Promise<string>;
  /** Where each of them runs. */
  readonly alpha?: Pick<ReplicaOptions, 'host' | 'namespace' | 'env'>;
  readonly beta?: Pick<ReplicaOptions, 'host' | 'namespace' | 'env'>;
}

export interface ReplicaProcess {
  readonly process: CliProcess;
  /** Where it listens for other replicas. */
  readonly logAddress: string;
}

export class Replicas {
  readonly folder = temporaryFolder();
  readonly arbiter: string;

  /** @param arbiter its URL; by default a file in {@link folder} */
  constructor(arbiter?: string) {
    this.arbiter = arbiter ?? `file:${this.folder}/record`;
  }

  /** Starts a primary and waits until its log port is open. */
  primary(options: ReplicaOptions = {}): Promise<ReplicaProcess> {
    return this.#start('primary', ['--id', 'alpha'], options);
  }

  /** Starts a backup of `primary`, a log address, and waits until its own log port is open. */
  backup(primary: string, options: ReplicaOptions = {}): Promise<ReplicaProcess> {
    return this.#start('backup', ['--id', 'beta', '--primary', primary], options);
  }

  /** Starts a replica that stands by, and waits until its log port is open. */
  standby(id: string, options: ReplicaOptions = {}): Promise<ReplicaProcess> {
    return this.#start('standby', ['--id', id], options);
  }

  /** Starts both and waits until the backup has joined. */
  async pair({ via, alpha: onAlpha, beta: onBeta, ...guest }: PairOptions = {}) {
    const held = ['--min-backups', '1', ...(guest.flags ?? [])];
    const alpha = await this.primary({ ...guest, flags: held, ...onAlpha });
    const env = via === undefined ? {} : { env: detour(alpha.logAddress, await via(alpha.logAddress)) };
    const beta = await this.backup(alpha.logAddress, { ...guest, ...env, ...onBeta });
    await alpha.process.event('backup-joined');
    await alpha.process.event('guest-started');
    return { alpha: alpha.process, beta: beta.process, logAddresses: [alpha.logAddress, beta.logAddress] };
  }

  async #start(role: string, own: readonly string[], options: ReplicaOptions): Promise<ReplicaProcess> {
    const { flags = [], module = KV, args = [], host = '127.0.0.1', ...startOptions } = options;
    const process = CliProcess.start(
      [
        ...['serve', '--role', role, '--log-listen', `${host}:0`, '--arbiter', this.arbiter],
        ...['--tcplisten', `${host}:0`, ...TIMING, ...own, ...flags, module, ...args],
      ],
      startOptions,
    );
    const { address } = await process.event('listening', { kind: 'log' });
    return { process, logAddress: String(address) };
  }
}

/** Environment of a process whose connections to one address go to another one; of both, the ports count. */
function detour(from: string, to: string): Record<string, string> {
  const ports = [from, to].map((address) => address.slice(address.lastIndexOf(':') + 1));
  const preload = path.join(ROOT, 'test/support/detour.mjs');
  return { NODE_OPTIONS: `--import=${preload}`, FTW_TEST_DETOUR: ports.join('=') };
}

/** Starts a gateway to the replicas and waits until it is attached to the live one. */
export async function startGateway(logAddresses: readonly string[], ...flags: string[]): Promise<CliProcess> {
  const gateway = CliProcess.start(gatewayArgs(logAddresses, ...flags));
  await gateway.event('gateway-attached');
  return gateway;
}

export function gatewayArgs(logAddresses: readonly string[], ...flags: string[]): string[] {
  const listen = flags.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
  return ['gateway', ...listen, '--replicas', logAddresses.join(','), ...flags];
}

/** Where a gateway takes clients. */
export function clientAddress(gateway: CliProcess): Promise<{ host: string; port: number }> {
  return addressOf(gateway, 'gateway');
}

/** Where `process` listens for what `kind` says. */
export async function addressOf(process: CliProcess, kind: string): Promise<{ host: string; port: number }> {
  const { address } = await process.event('listening', { kind });
  const at = String(address).lastIndexOf(':');
  return { host: String(address).slice(0, at), port: Number(String(address).slice(at + 1)) };
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
