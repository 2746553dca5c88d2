/**
 * From the raw flags of `ft-wasm serve` to one checked, plain object. Every mistake is an FTW_USAGE error that names the
 * flag, says what is wrong and what is accepted.
 */
import { type GuestOptions, type PairOptions, parseAddress, type ReplicaOptions } from '../index.js';
import { checkAddress, checkAddressList, defined, type Environment, optional, parseChoice, usage } from './flags.js';
import { type LogOptions, toLogOptions } from './log-flags.js';
import { parseCount } from './parse/count.js';
import { parseDuration } from './parse/duration.js';
import { parseDir, parseEnv } from './parse/guest.js';
import { parseSize } from './parse/size.js';
import { type RawGuestFlags, type RawServeFlags, ROLES, type ServeRole } from './serve-flags.js';
import { checkRoleFlags } from './serve-roles.js';

export interface ServeOptions {
  readonly role: ServeRole;
  readonly guest: GuestOptions;
  readonly replication: Partial<Pick<ReplicaOptions, ReplicationKey>> & Pick<PairOptions, 'gateway'>;
  readonly log: LogOptions;
  /** Where the last counters are written as JSON, at the end. */
  readonly stats?: string;
  /** Interval of the `stats` event; none by default. */
  readonly statsMs?: number;
}

type ReplicationKey =
  | 'id'
  | 'service'
  | 'logListen'
  | 'primary'
  | 'arbiter'
  | 'minBackups'
  | 'backups'
  | 'acks'
  | 'rejoin'
  | 'joinTimeoutMs'
  | 'durable'
  | 'recover'
  | 'outputAfter'
  | 'snapshotLogBytes'
  | 'snapshotEveryMs'
  | 'heartbeatMs'
  | 'failureTimeoutMs'
  | 'gatewayListen'
  | 'replicas';

const ENGINES = ['compiled', 'interpreter'] as const;

/** Linear memory is counted in pages of this size (core spec, section 4.2.8). */
const PAGE_BYTES = 65536;

/**
 * Checks the flags of `serve` and the module with its arguments.
 * @param own this process's environment, for `--env NAME`.
 * @throws FtWasmError FTW_USAGE for the first mistake.
 */
export function toServeOptions(
  module: string,
  args: readonly string[],
  flags: RawServeFlags,
  own: Environment,
): ServeOptions {
  const role = flags.solo ? 'solo' : parseChoice(flags.role ?? 'pair', '--role', ROLES);
  checkRoleFlags(role, flags);
  return {
    role,
    guest: {
      ...toGuestOptions(module, args, flags, own),
      ...defined({ engine: optional(flags.engine, (text) => parseChoice(text, '--engine', ENGINES)) }),
    },
    replication: defined({
      gateway: flags.gateway === false ? false : undefined,
      gatewayListen: flags.gateway ? flags.gateway.map((text) => checkAddress(text, '--gateway')) : undefined,
      replicas: optional(flags.replicas, (text) => checkAddressList(text, '--replicas')),
      id: optional(flags.id, checkId),
      service: flags.service,
      logListen: optional(flags.logListen, checkLogListen),
      primary: optional(flags.primary, (text) => checkAddress(text, '--primary')),
      arbiter: optional(flags.arbiter, checkArbiter),
      backups: optional(flags.backups, (text) => parseCount(text, '--backups')),
      acks: optional(flags.acks, (text) => parseCount(text, '--acks', 1)),
      rejoin: flags.rejoin === false ? false : undefined,
      minBackups: optional(flags.minBackups, (text) => parseCount(text, '--min-backups')),
      joinTimeoutMs: optional(flags.joinTimeout, (text) => parseDuration(text, '--join-timeout')),
      durable: flags.durable,
      recover: flags.recover,
      outputAfter: optional(flags.outputAfter, (text) =>
        parseChoice(text, '--output-after', ['ack', 'fsync'] as const),
      ),
      snapshotLogBytes: optional(flags.snapshotLog, (text) => parseSize(text, '--snapshot-log')),
      snapshotEveryMs: optional(flags.snapshotEvery, (text) => parseDuration(text, '--snapshot-every')),
      heartbeatMs: optional(flags.heartbeat, (text) => parseDuration(text, '--heartbeat')),
      failureTimeoutMs: optional(flags.failureTimeout, (text) => parseDuration(text, '--failure-timeout')),
    }),
    log: toLogOptions(flags),
    ...defined({
      stats: flags.stats,
      statsMs: optional(flags.statsEvery, (text) => parseDuration(text, '--stats-every')),
    }),
  };
}

/** What `serve`, `run` and `record` have in common. @throws FtWasmError FTW_USAGE for the first mistake */
export function toGuestOptions(
  module: string,
  args: readonly string[],
  flags: RawGuestFlags,
  own: Environment,
): GuestOptions {
  return defined({
    module,
    args: args[0] === '--' ? args.slice(1) : args,
    env: Object.fromEntries((flags.env ?? []).map((text) => parseEnv(text, own))),
    dirs: (flags.dir ?? []).map(parseDir),
    tcplisten: (flags.tcplisten ?? []).map((text) => checkAddress(text, '--tcplisten')),
    allowConnect: flags.allowConnect,
    random: parseChoice(flags.random ?? 'seeded', '--random', ['seeded', 'os'] as const),
    limits: defined({
      memoryPagesMax: optional(flags.maxMemory, parsePages),
      tableElementsMax: optional(flags.maxTable, (text) => parseCount(text, '--max-table', 1)),
      stackUnitsMax: optional(flags.maxStack, (text) => parseCount(text, '--max-stack', 1)),
    }),
    fuel: optional(flags.fuel, (text) => parseCount(text, '--fuel', 1)),
  });
}

function parsePages(text: string): number {
  const bytes = parseSize(text, '--max-memory');
  if (bytes > 0 && bytes % PAGE_BYTES === 0) return bytes / PAGE_BYTES;
  throw usage(`--max-memory '${text}': expected a multiple of 64KiB, the size of a page`);
}

/** Peers dial what we announce, so an address that means "every interface" would lead them to themselves. */
function checkLogListen(text: string): string {
  const { host } = parseAddress(text, '--log-listen');
  if (host !== '' && host !== '0.0.0.0' && host !== '::') return text;
  throw usage(`--log-listen '${text}': other replicas must be able to reach it; expected this machine's own HOST:PORT`);
}

/** Ids appear in the arbiter's record and in every log line. */
function checkId(id: string): string {
  if (/^[\w.:-]{1,64}$/.test(id)) return id;
  throw usage(`--id '${id}': expected 1 to 64 letters, digits, '.', ':', '_' or '-'`);
}

function checkArbiter(url: string): string {
  if (/^file:.*[^/]\/[^/]+$/.test(url) || /^etcds?:\/\/[^/]+\/./.test(url)) return url;
  const file = 'file:DIR/NAME, a record in a directory that all replicas share';
  throw usage(`--arbiter '${url}': expected ${file}, or etcd://HOST:PORT[,HOST:PORT...]/KEY`);
}
