/** The flags of `ft-wasm simulate`, and what becomes of them. */
import type { CrashAt, SimulateOptions } from '../index.js';
import { CACHE_FLAGS, type RawCacheFlags, toCacheOptions } from './cache-flags.js';
import type { Environment } from './flags.js';
import { defined, type Flag, optional, parseChoice, usage } from './flags.js';
import { parseCount } from './parse/count.js';
import { GUEST_FLAGS, type RawGuestFlags } from './serve-flags.js';
import { toGuestOptions } from './serve-options.js';

export interface RawSimulateFlags extends Omit<RawGuestFlags, 'tcplisten' | 'fuel' | 'random'>, RawCacheFlags {
  readonly script?: string;
  readonly crashAt?: string;
  readonly seed?: string;
  readonly engine?: string;
  readonly json?: boolean;
}

/** The script says what the guest listens on; entropy comes from the seed; a simulated guest runs to its end. */
const GUEST_FLAGS_USED = GUEST_FLAGS.filter(([, flag]) => !/^--(tcplisten|fuel|random) /.test(flag));

export const SIMULATE_FLAGS: readonly Flag[] = [
  ['Simulation:', '--script <file>', "the clients' session (see README.md)"],
  ['Simulation:', '--crash-at <where>', 'every-entry (default), N[,N...] or random:COUNT'],
  ['Simulation:', '--seed <n>', 'of random: and of what the guest is given as entropy (default: 1)'],
  ['Simulation:', '--engine <name>', 'compiled (default) or interpreter'],
  ['Simulation:', '--json', 'print JSON'],
  ...GUEST_FLAGS_USED,
  ...CACHE_FLAGS,
];

export interface SimulateCommandOptions {
  /** Everything but the script's text. */
  readonly simulation: Omit<SimulateOptions, 'script'>;
  readonly script: string;
  readonly json: boolean;
}

/** @throws FtWasmError FTW_USAGE for the first mistake */
export function toSimulateOptions(
  module: string,
  args: readonly string[],
  flags: RawSimulateFlags,
  own: Environment,
): SimulateCommandOptions {
  if (flags.script === undefined) throw usage("--script is missing: a file with the clients' session");
  const seed = optional(flags.seed, (text) => parseCount(text, '--seed')) ?? 1;
  const { env, dirs, limits } = toGuestOptions(module, [], flags, own);
  const simulation = defined({
    ...{ module, args, env, dirs, limits, seed, ...toCacheOptions(flags, own) },
    crashAt: parseCrashAt(flags.crashAt ?? 'every-entry', seed),
    engine: optional(flags.engine, (text) => parseChoice(text, '--engine', ['compiled', 'interpreter'] as const)),
  });
  return { simulation, script: flags.script, json: flags.json ?? false };
}

function parseCrashAt(text: string, seed: number): CrashAt {
  if (text === 'every-entry') return { kind: 'every-entry' };
  const count = /^random:(\d+)$/.exec(text)?.[1];
  if (count !== undefined) return { kind: 'random', count: parseCount(count, '--crash-at random:', 1), seed };
  if (!/^\d+(,\d+)*$/.test(text)) throw usage(`--crash-at '${text}': expected every-entry, N[,N...] or random:COUNT`);
  return { kind: 'entries', entries: text.split(',').map((entry) => parseCount(entry, '--crash-at', 1)) };
}
