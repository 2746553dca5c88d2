/**
 * From the raw flags of `ft-wasm serve` to one checked, plain object. Every mistake is an FTW_USAGE error that names the
 * flag, says what is wrong and what is accepted.
 */

import type { GuestOptions, ReplicaOptions } from '../index.js';
import { FtWasmError, parseAddress } from '../index.js';
import { parseCount } from './parse/count.js';
import { parseDuration } from './parse/duration.js';
import { parseDir, parseEnv } from './parse/guest.js';
import { parseSize } from './parse/size.js';
import { LOG_LEVELS, type LogLevel, type RawServeFlags, ROLES, type ServeRole } from './serve-flags.js';
import { checkRoleFlags } from './serve-roles.js';

export interface ServeOptions {
  readonly role: ServeRole;
  readonly guest: GuestOptions;
  readonly replication: Partial<Pick<ReplicaOptions, ReplicationKey>>;
  readonly log: {
    /** JSON even on a terminal. */
    readonly json: boolean;
    readonly level: LogLevel;
    /** Interval of the `stats` event; none by default. */
    readonly statsMs?: number;
  };
}

type ReplicationKey =
  | 'id'
  | 'logListen'
  | 'primary'
  | 'arbiter'
  | 'minBackups'
  | 'joinTimeoutMs'
  | 'heartbeatMs'
  | 'failureTimeoutMs';

type Environment = Readonly<Record<string, string | undefined>>;

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
  const role = flags.solo ? 'solo' : choice(flags.role ?? 'pair', '--role', ROLES);
  checkRoleFlags(role, flags);
  return {
    role,
    guest: toGuestOptions(module, args, flags, own),
    replication: defined({
      id: optional(flags.id, checkId),
      logListen: optional(flags.logListen, checkLogListen),
      primary: address(flags.primary, '--primary'),
      arbiter: optional(flags.arbiter, checkArbiter),
      minBackups: optional(flags.minBackups, (text) => parseCount(text, '--min-backups')),
      joinTimeoutMs: optional(flags.joinTimeout, (text) => parseDuration(text, '--join-timeout')),
      heartbeatMs: optional(flags.heartbeat, (text) => parseDuration(text, '--heartbeat')),
      failureTimeoutMs: optional(flags.failureTimeout, (text) => parseDuration(text, '--failure-timeout')),
    }),
    log: defined({
      json: flags.json ?? false,
      level: choice(flags.logLevel ?? 'info', '--log-level', LOG_LEVELS),
      statsMs: optional(flags.stats, (text) => parseDuration(text, '--stats')),
    }),
  };
}

function toGuestOptions(module: string, args: readonly string[], flags: RawServeFlags, own: Environment): GuestOptions {
  return defined({
    module,
    args: args[0] === '--' ? args.slice(1) : args,
    env: Object.fromEntries((flags.env ?? []).map((text) => parseEnv(text, own))),
    dirs: (flags.dir ?? []).map(parseDir),
    tcplisten: (flags.tcplisten ?? []).map((text) => address(text, '--tcplisten')!),
    random: choice(flags.random ?? 'seeded', '--random', ['seeded', 'os'] as const),
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

function address(text: string | undefined, option: string): string | undefined {
  if (text !== undefined) parseAddress(text, option);
  return text;
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
  if (/^file:.*[^/]\/[^/]+$/.test(url)) return url;
  throw usage(`--arbiter '${url}': expected file:DIR/NAME, a record in a directory that all replicas share`);
}

function choice<T extends string>(text: string, option: string, choices: readonly T[]): T {
  const found = choices.find((candidate) => candidate === text);
  if (found !== undefined) return found;
  throw usage(`${option} '${text}': expected one of ${choices.join(', ')}`);
}

/** Without the keys that were not given, so that the library's own defaults hold. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function optional<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text);
}

function usage(message: string): FtWasmError {
  return new FtWasmError('FTW_USAGE', message);
}
