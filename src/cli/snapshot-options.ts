/** The flags of `snapshot` and `resume`, and what becomes of them. */
import type { RunOptions, SnapshotOptions } from '../index.js';
import { defined, type Flag, optional, parseChoice, usage } from './flags.js';
import { parseCount } from './parse/count.js';
import { type RawRunFlags, type ReportOptions, RUN_FLAGS, toRunOptions } from './run-options.js';
import type { Environment } from './serve-options.js';

const ENGINES = ['compiled', 'interpreter'] as const;

export interface RawSnapshotFlags {
  readonly at?: string;
  readonly output?: string;
  readonly module?: string;
  readonly from?: string;
  readonly engine?: string;
  readonly json?: boolean;
}

export const SNAPSHOT_FLAGS: readonly Flag[] = [
  ['Snapshot:', '-o, --output <file>', 'the snapshot; an existing file is replaced'],
  ['Snapshot:', '--at <where>', 'this counter, +n instructions, or the end of the recording (default)'],
  ['Replay:', '--module <file>', 'the recorded module, if it is neither in the recording nor where it was'],
  ['Replay:', '--from <snapshot>', 'begin at this snapshot, or at the start; default: the nearest recorded'],
  ['Engine:', '--engine <name>', 'compiled or interpreter (default: the one that recorded)'],
  ['Reports:', '--json', 'print JSON'],
];

/** What the snapshot itself says. */
const OF_SNAPSHOT = /^--(env|random|max-memory|max-table|max-stack) /;

/** Those of `run`, but for what is part of the snapshot. */
export const RESUME_FLAGS: readonly Flag[] = RUN_FLAGS.filter(([, flag]) => !OF_SNAPSHOT.test(flag));

/** @throws FtWasmError FTW_USAGE for the first mistake */
export function toSnapshotOptions(recording: string, flags: RawSnapshotFlags): SnapshotOptions {
  const { from, module, output } = flags;
  if (output === undefined) throw usage('snapshot needs -o FILE, where the snapshot goes');
  const engine = optional(flags.engine, (text) => parseChoice(text, '--engine', ENGINES));
  return defined({ recording, output, from, module, engine, at: optional(flags.at, parseAt) });
}

/** @throws FtWasmError FTW_USAGE for the first mistake */
export function toResumeOptions(
  snapshot: string,
  module: string,
  flags: RawRunFlags,
  own: Environment,
): { run: RunOptions; report: ReportOptions } {
  const { run, report } = toRunOptions(module, [], flags, own);
  return { run: { ...run, resume: snapshot }, report };
}

/** `+n` counts from the beginning of the run, as for `replay --until`. */
function parseAt(text: string): number | undefined {
  return text === 'end' ? undefined : parseCount(text.replace(/^\+/, ''), '--at', 1);
}
