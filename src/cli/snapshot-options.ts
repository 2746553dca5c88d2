/** The flags of `snapshot` and `resume`, and what becomes of them. */
import type { RunOptions, SnapshotOptions } from '../index.js';
import type { Environment } from './flags.js';
import { checkAddress, defined, type Flag, optional, parseChoice, usage } from './flags.js';
import { parseCount } from './parse/count.js';
import { type RawRunFlags, type ReportOptions, RUN_FLAGS, toRunOptions } from './run-options.js';

const ENGINES = ['compiled', 'interpreter'] as const;

export interface RawSnapshotFlags {
  readonly replica?: string;
  readonly at?: string;
  readonly output?: string;
  readonly module?: string;
  readonly from?: string;
  readonly engine?: string;
  readonly json?: boolean;
}

export const SNAPSHOT_FLAGS: readonly Flag[] = [
  ['Snapshot:', '-o, --output <file>', 'the snapshot; an existing file is replaced'],
  [
    'Snapshot:',
    '--replica <host:port>',
    'of this running replica, at its --log-listen address, instead of a recording',
  ],
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

/** What a snapshot is taken of. */
export type SnapshotCommand =
  | { readonly recording: SnapshotOptions }
  | { readonly replica: string; readonly output: string };

/** @throws FtWasmError FTW_USAGE for the first mistake */
export function toSnapshotCommand(recording: string | undefined, flags: RawSnapshotFlags): SnapshotCommand {
  const { from, module, output, replica } = flags;
  if (output === undefined) throw usage('snapshot needs -o FILE, where the snapshot goes');
  if ((recording === undefined) === (replica === undefined)) {
    throw usage('snapshot needs one of a recording and --replica HOST:PORT');
  }
  if (replica !== undefined) {
    const given = (['at', 'from', 'module', 'engine'] as const).find((flag) => flags[flag] !== undefined);
    if (given !== undefined) throw usage(`--${given} is about a recording, and --replica about a running replica`);
    return { replica: checkAddress(replica, '--replica'), output };
  }
  const engine = optional(flags.engine, (text) => parseChoice(text, '--engine', ENGINES));
  const at = optional(flags.at, parseAt);
  return { recording: defined({ recording: recording!, output, from, module, engine, at }) };
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
