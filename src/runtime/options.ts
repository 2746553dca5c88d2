/**
 * What users of the library pass in: plain objects, checked once at the door (FTW_USAGE says what is wrong). The command
 * line builds the same objects.
 */
import type { EngineLimits } from '../engine/engine.js';
import { FtWasmError } from '../errors.js';
import type { EventLevel, EventName } from '../replica/events.js';
import { REPLICA_DEFAULTS } from '../replica/types.js';
import { parseAddress } from '../transport/address.js';

/** A host directory that the guest sees (`--dir HOST::GUEST`). */
export interface DirectoryMount {
  readonly host: string;
  readonly guest: string;
  /**
   * private: loaded at start, lives in replicated memory, never written back. ro: the same, and the guest cannot change it.
   * shared: storage that every replica reaches under its own `host` path; the live one reads and writes it.
   */
  readonly mode: 'private' | 'ro' | 'shared';
}

/** How to run one guest, replicated or not. */
export interface GuestOptions {
  /** Path of the module, or its bytes. */
  readonly module: string | Uint8Array;
  /** argv[0] of the guest; default: the module's file name. */
  readonly name?: string;
  /** Arguments after argv[0]. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly dirs?: readonly DirectoryMount[];
  /** Addresses the guest listens on, `host:port`; they are its fds 3, 4, ... */
  readonly tcplisten?: readonly string[];
  /** Whether the guest may connect to others (WasmEdge's socket extension). Default: it may not. */
  readonly allowConnect?: boolean;
  /** seeded (default): one logged seed. os: every byte from the host, logged. */
  readonly random?: 'seeded' | 'os';
  readonly engine?: 'compiled' | 'interpreter';
  /** Keep rewritten modules in this directory, for the next start; default: do not. */
  readonly cacheDirectory?: string;
  readonly limits?: Partial<EngineLimits>;
  /** Stop the guest after so many instructions. */
  readonly fuel?: number;
  /** Where the guest's stdout and stderr go; default: this process's. */
  readonly stdio?: { readonly stdout: WritableLike; readonly stderr: WritableLike };
  /** Where the guest's standard input comes from; default: empty. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** `stdin` is a file: to a guest that does not want to wait for it, it is ready at any time, as files are. */
  readonly stdinIsFile?: boolean;
  /** Called for every event (see EVENTS); names and levels are stable. */
  readonly onEvent?: (event: ServiceEvent) => void;
  /** Compile progress in bytes. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** One replica of a replicated service. */
export interface ReplicaOptions extends GuestOptions {
  /**
   * primary: starts the service, or joins it if the arbiter's record says that it runs. backup: joins. standby: joins too,
   * and waits without limit, for a primary and until it is needed.
   */
  readonly role: 'primary' | 'backup' | 'standby';
  /** `file:DIR/NAME` or `etcd://HOST:PORT[,HOST:PORT...]/KEY`, see `openArbiter`. */
  readonly arbiter: string;
  /** Where backups reach this replica, `host:port` (TCP, and UDP for heartbeats). */
  readonly logListen: string;
  /** Log address of a primary to follow, where the arbiter's record does not name one yet. */
  readonly primary?: string;
  /** Unique name of this replica; default: role and process id. */
  readonly id?: string;
  /** Name of the service, equal on all replicas; default: the module's file name. */
  readonly service?: string;
  /** The primary's guest waits for so many backups; 0 (default) starts alone. */
  readonly minBackups?: number;
  /** So many backups are wanted; others stand by until one is lost. Default 1. */
  readonly backups?: number;
  /** Output waits for so many acknowledgements. Default: for those of all backups, so that any of them can go live at once. */
  readonly acks?: number;
  /** Whether a backup that diverged, or lost a race to another, joins again with a fresh guest (default), or stops. */
  readonly rejoin?: boolean;
  /** Directory that gets a snapshot now and then, and the log behind it. */
  readonly durable?: string;
  /** Primary: goes on with the service in that directory, and keeps it there; see `durable`. */
  readonly recover?: string;
  /** fsync: no output of this replica leaves before the log that led to it is in `durable`, on the disk. Default ack. */
  readonly outputAfter?: 'ack' | 'fsync';
  /** A snapshot is taken when the log behind the last one has so many bytes (default 64 MiB) ... */
  readonly snapshotLogBytes?: number;
  /** ... or after so much time with any log at all (default 60000). */
  readonly snapshotEveryMs?: number;
  /** Default 20. */
  readonly heartbeatMs?: number;
  /** Default 200. */
  readonly failureTimeoutMs?: number;
  /** A backup gives up when it has found no primary after this time. Default 30000. */
  readonly joinTimeoutMs?: number;
  /** Addresses for clients of a gateway in this same process, one per listener of the guest. It dies with the process. */
  readonly gatewayListen?: readonly string[];
  /** Log addresses of the other replicas, for that gateway; the one of `primary` is known anyway. */
  readonly replicas?: readonly string[];
}

/** Something a replica reports; `replica` is set by a pair. */
export interface ServiceEvent {
  readonly name: EventName;
  readonly level: EventLevel;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** As much of a writable stream as we need. */
export interface WritableLike {
  write(bytes: Uint8Array, done?: (error?: Error | null) => void): boolean;
}

/** How a service ended. */
export interface ServiceExit {
  readonly exitCode: number;
  /** One line for people. */
  readonly reason: string;
  readonly stats: ServiceStats;
}

/** Counters of one replica so far. */
export interface ServiceStats {
  readonly instructions: number;
  readonly hostCalls?: number;
  /** Entries logged or replayed. */
  readonly entries: number;
  /** Bytes of packed log batches, before framing. */
  readonly logBytes: number;
  /** Bytes that have left on stdio and streams. */
  readonly outputBytes: number;
  /** Bytes held by the output rule right now. */
  readonly heldBytes: number;
  readonly connections: number;
  readonly epoch: number;
  /** Digest over all host calls and their arguments; only once the guest has ended. */
  readonly digest?: string;
}

/** Counters before anything has happened. */
export const EMPTY_STATS: ServiceStats = {
  instructions: 0,
  entries: 0,
  logBytes: 0,
  outputBytes: 0,
  heldBytes: 0,
  connections: 0,
  epoch: 0,
};

/** A running service: one replica, a solo guest, or a pair. */
export interface Service {
  /** Resolves when everything is closed; never rejects. */
  readonly done: Promise<ServiceExit>;
  /** Leaves in good order (as SIGTERM does): a primary hands over to its backup. Resolves like `done`. */
  close(): Promise<ServiceExit>;
  stats(): ServiceStats;
}

/** Heartbeats per failure timeout below which one lost datagram would look like a death. */
const HEARTBEATS_PER_TIMEOUT_MIN = 3;

/** Throws FTW_USAGE naming the option that is wrong; returns the timing with defaults filled in. */
export function checkReplicaOptions(options: ReplicaOptions): {
  heartbeatMs: number;
  failureTimeoutMs: number;
  joinTimeoutMs: number;
  minBackups: number;
  backups: number;
  acks?: number;
} {
  const heartbeatMs = options.heartbeatMs ?? REPLICA_DEFAULTS.heartbeatMs;
  const failureTimeoutMs = options.failureTimeoutMs ?? REPLICA_DEFAULTS.failureTimeoutMs;
  const joinTimeoutMs = options.joinTimeoutMs ?? REPLICA_DEFAULTS.joinTimeoutMs;
  const minBackups = options.minBackups ?? REPLICA_DEFAULTS.minBackups;
  const backups = options.backups ?? REPLICA_DEFAULTS.backups;
  parseAddress(options.logListen, 'logListen');
  if (options.role === 'primary' && options.primary !== undefined) {
    throw usage('`primary` is for backups; a primary has nobody to follow');
  }
  if (options.primary !== undefined) parseAddress(options.primary, 'primary');
  if (!(heartbeatMs > 0)) throw usage(`heartbeatMs must be above 0, not ${heartbeatMs}`);
  if (!(joinTimeoutMs > 0)) throw usage(`joinTimeoutMs must be above 0, not ${joinTimeoutMs}`);
  if (failureTimeoutMs < HEARTBEATS_PER_TIMEOUT_MIN * heartbeatMs) {
    throw usage(
      `the failure timeout (${failureTimeoutMs} ms) must be at least ${HEARTBEATS_PER_TIMEOUT_MIN} heartbeats (${heartbeatMs} ms each)`,
    );
  }
  if (!Number.isInteger(minBackups) || minBackups < 0) throw usage(`minBackups must be 0, 1, 2 ..., not ${minBackups}`);
  if (!Number.isInteger(backups) || backups < 0) throw usage(`backups must be 0, 1, 2 ..., not ${backups}`);
  const { acks } = options;
  if (acks !== undefined && !(Number.isInteger(acks) && acks > 0)) throw usage(`acks must be 1, 2 ..., not ${acks}`);
  checkDurableOptions(options);
  checkGuestOptions(options);
  return { heartbeatMs, failureTimeoutMs, joinTimeoutMs, minBackups, backups, ...(acks === undefined ? {} : { acks }) };
}

function checkDurableOptions({ role, durable, recover, outputAfter, ...options }: ReplicaOptions): void {
  const { snapshotLogBytes = 1, snapshotEveryMs = 1 } = options;
  if (recover !== undefined && role !== 'primary')
    throw usage(`a ${role} joins a service; \`recover\` is for a primary`);
  if (recover !== undefined && durable !== undefined && durable !== recover) {
    throw usage('a recovered service is kept where it was: `durable` and `recover` must be the same directory');
  }
  if (outputAfter === 'fsync' && durable === undefined && recover === undefined) {
    throw usage('outputs can wait for the disk only with `durable`');
  }
  if (!(snapshotLogBytes > 0)) throw usage(`snapshotLogBytes must be above 0, not ${snapshotLogBytes}`);
  if (!(snapshotEveryMs > 0)) throw usage(`snapshotEveryMs must be above 0, not ${snapshotEveryMs}`);
}

/** The checks that hold for every guest, replicated or not. */
export function checkGuestOptions(options: GuestOptions): void {
  for (const address of options.tcplisten ?? []) parseAddress(address, 'tcplisten');
  if (options.fuel !== undefined && !(Number.isSafeInteger(options.fuel) && options.fuel >= 0)) {
    throw usage(`fuel must be a whole number below 2^53, not ${options.fuel}`);
  }
  for (const [name, value] of Object.entries(options.limits ?? {})) {
    if (!(Number.isInteger(value) && value > 0))
      throw usage(`limit ${name} must be a positive whole number, not ${value}`);
  }
}

export function usage(message: string): FtWasmError {
  return new FtWasmError('FTW_USAGE', message);
}
