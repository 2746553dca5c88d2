/** The flags of `run`, `record` and `replay`, and what becomes of them. */
import type { ReplayOptions, RunOptions, SnapshotInterval } from '../index.js';
import { CACHE_FLAGS, type RawCacheFlags, toCacheOptions } from './cache-flags.js';
import type { Environment } from './flags.js';
import { defined, type Flag, optional, parseChoice, usage } from './flags.js';
import { parseCount } from './parse/count.js';
import { parseDuration } from './parse/duration.js';
import { GUEST_FLAGS, type RawGuestFlags } from './serve-flags.js';
import { toGuestOptions } from './serve-options.js';

const ENGINES = ['compiled', 'interpreter'] as const;

/** Flags that all three commands have, as commander collects them. */
export interface RawReportFlags extends RawCacheFlags {
  readonly engine?: string;
  readonly digestEvery?: string;
  readonly stats?: string;
  readonly json?: boolean;
}

export interface RawRunFlags extends RawGuestFlags, RawReportFlags {
  /** `record` only. */
  readonly output?: string;
  readonly snapshotEvery?: string;
}

export interface RawReplayFlags extends RawReportFlags {
  readonly module?: string;
  readonly until?: string;
  readonly from?: string;
}

const REPORT_FLAGS: readonly Flag[] = [
  ['Engine:', '--engine <name>', 'compiled or interpreter (default: compiled; replay: the one that recorded)'],
  ...CACHE_FLAGS,
  ['Reports:', '--stats <file>', 'write counters, digest and exit code to a file as one JSON object'],
  ['Reports:', '--digest-every <n>', 'print a digest of calls and memory about every n instructions, on stderr'],
  ['Reports:', '--json', 'what is said on stderr is JSON, one object per line'],
];

export const RUN_FLAGS: readonly Flag[] = [...GUEST_FLAGS, ...REPORT_FLAGS];

export const RECORD_FLAGS: readonly Flag[] = [
  ['Recording:', '-o, --output <file>', 'the recording; an existing file is replaced'],
  [
    'Recording:',
    '--snapshot-every <n>',
    'add a snapshot after so many instructions, or so much time (10s), or none; default: seldom, in long runs',
  ],
  ...RUN_FLAGS,
];

export const REPLAY_FLAGS: readonly Flag[] = [
  ['Replay:', '--module <file>', 'the recorded module, if it is neither in the recording nor where it was'],
  ['Replay:', '--until <where>', 'stop at this counter, after +n instructions, or at the end (default)'],
  [
    'Replay:',
    '--from <snapshot>',
    'begin at this snapshot, or at the start; --until alone begins at the nearest recorded',
  ],
  ...REPORT_FLAGS,
];

/** What is said about a run, and where. */
export interface ReportOptions {
  /** File for the statistics. */
  readonly stats?: string;
  readonly json: boolean;
}

export interface RunCommandOptions {
  readonly run: RunOptions;
  readonly report: ReportOptions;
}

export interface ReplayCommandOptions {
  readonly replay: ReplayOptions;
  readonly report: ReportOptions;
}

/** @throws FtWasmError FTW_USAGE for the first mistake */
export function toRunOptions(
  module: string,
  args: readonly string[],
  flags: RawRunFlags,
  own: Environment,
): RunCommandOptions {
  const guest = toGuestOptions(module, args, flags, own);
  return { run: { ...guest, ...toEngineOptions(flags, own) }, report: toReportOptions(flags) };
}

/** @throws FtWasmError FTW_USAGE for the first mistake */
export function toRecordOptions(
  module: string,
  args: readonly string[],
  flags: RawRunFlags,
  own: Environment,
): RunCommandOptions {
  const { output } = flags;
  if (output === undefined) throw usage('record needs -o FILE, where the recording goes');
  const { run, report } = toRunOptions(module, args, flags, own);
  const snapshotEvery = optional(flags.snapshotEvery, parseInterval);
  return { run: { ...run, record: output, ...defined({ snapshotEvery }) }, report };
}

/** @throws FtWasmError FTW_USAGE for the first mistake */
export function toReplayOptions(recording: string, flags: RawReplayFlags, own: Environment): ReplayCommandOptions {
  const until = optional(flags.until, parseUntil);
  return {
    replay: defined({ recording, module: flags.module, from: flags.from, until, ...toEngineOptions(flags, own) }),
    report: toReportOptions(flags),
  };
}

function toEngineOptions(flags: RawReportFlags, own: Environment) {
  return defined({
    ...toCacheOptions(flags, own),
    engine: optional(flags.engine, (text) => parseChoice(text, '--engine', ENGINES)),
    digestEvery: optional(flags.digestEvery, (text) => parseCount(text, '--digest-every', 1)),
  });
}

function toReportOptions(flags: RawReportFlags): ReportOptions {
  return { json: flags.json ?? false, ...defined({ stats: flags.stats }) };
}

/** A plain number counts instructions. */
function parseInterval(text: string): SnapshotInterval {
  if (text === 'none' || text === 'auto') return text;
  if (/^\d+$/.test(text)) return { instructions: parseCount(text, '--snapshot-every', 1) };
  return { ms: parseDuration(text, '--snapshot-every') };
}

/** `+n` counts from where the replay starts, which is the beginning of the run. */
function parseUntil(text: string): number | undefined {
  if (text === 'end') return undefined;
  return parseCount(text.replace(/^\+/, ''), '--until', 1);
}
