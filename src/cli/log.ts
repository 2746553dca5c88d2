/** `ft-wasm log`: the entries of a recording, as a table or as one JSON object per line. */
import { EXIT_CODES, type LogLine, openLog, type RecordedLog } from '../index.js';
import { CACHE_FLAGS, type RawCacheFlags, toCacheOptions } from './cache-flags.js';
import { defined, type Environment, type Flag } from './flags.js';
import { writeAll } from './pipe.js';
import { Progress } from './progress.js';
import type { CliProcess } from './streams.js';
import { type Align, pad } from './table.js';

export const LOG_COMMAND_FLAGS: readonly Flag[] = [
  ['Log:', '--no-arguments', 'do not replay the recording for the arguments of its calls'],
  ['Log:', '--module <file>', 'the recorded module, if it is neither in the recording nor where it was'],
  ['Log:', '--json', 'one JSON object per entry'],
  ...CACHE_FLAGS,
];

export interface RawLogFlags extends RawCacheFlags {
  readonly arguments?: boolean;
  readonly module?: string;
  readonly json?: boolean;
}

/** Prints the log of the recording at `path`. Rejects if it cannot be read. */
export async function printLog(
  path: string,
  flags: RawLogFlags,
  own: Environment,
  process: CliProcess,
): Promise<number> {
  const log = await openLog(path);
  const lines = flags.arguments === false ? log.lines() : linesOf(log, flags, own, process);
  await writeAll(process.stdout, flags.json === true ? jsonOf(lines) : tableOf(log, lines));
  const { tail } = log.survey;
  if (tail !== undefined) {
    process.stderr.write(
      `ft-wasm: ${path} is torn at byte ${tail.offset}: ${tail.bytes} bytes are left out (${tail.reason})\n`,
    );
  }
  return EXIT_CODES.ok;
}

/** With arguments, or with a word on why there are none. */
function linesOf(
  log: RecordedLog,
  flags: RawLogFlags,
  own: Environment,
  { stderr }: CliProcess,
): AsyncGenerator<LogLine> {
  const progress = new Progress(stderr);
  return log.linesWithArguments({
    ...defined({ module: flags.module }),
    ...toCacheOptions(flags, own),
    onProgress: progress.of('compiling'),
    onPrepared: () => progress.clear(),
    onMissing: (reason) => {
      progress.clear();
      stderr.write(`ft-wasm: arguments are left out: ${reason}\n`);
    },
  });
}

async function* jsonOf(lines: AsyncGenerator<LogLine>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line, plainValue)}\n`;
}

/** bigint as text, bytes as hexadecimal digits; arguments by name only. */
function plainValue(key: string, value: unknown): unknown {
  if (key === 'argumentsText') return undefined;
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value;
}

const HEAD = ['EVENT', 'COUNTER', 'CLASS', 'BYTES', 'CALL', 'ARGUMENTS', 'RESULT'];
const ALIGN: readonly Align[] = ['right', 'right', 'left', 'right', 'left', 'left', 'left'];
const CALL_WIDTH = 38;
const ARGUMENTS_WIDTH = 48;

async function* tableOf(log: RecordedLog, lines: AsyncGenerator<LogLine>): AsyncGenerator<string> {
  yield headerText(log);
  const { last } = log.survey;
  const widths = [digits(last.event, 5), digits(last.counter, 7), 6, 5, CALL_WIDTH, ARGUMENTS_WIDTH, 0];
  const row = (cells: readonly string[]) =>
    `${cells
      .map((cell, at) => pad(cell, widths[at]!, ALIGN[at]!))
      .join('  ')
      .trimEnd()}\n`;
  yield row(HEAD);
  for await (const line of lines) yield row(cellsOf(line));
  yield `\n${endText(log)}\n`;
}

function cellsOf({ argumentsText, event, counter, class: callClass, bytes, call, text }: LogLine): string[] {
  return [String(event), String(counter), callClass, String(bytes), call, argumentsText ?? '', text];
}

function digits(value: number, min: number): number {
  return Math.max(min, String(value).length);
}

function headerText({ survey }: RecordedLog): string {
  const { header, guest, path } = survey;
  const { embedded, path: modulePath } = guest.module;
  const facts = Object.entries({
    ...header.manifest,
    'module path': `${modulePath ?? 'unknown'}${embedded ? ' (embedded)' : ''}`,
  });
  return `${path}\n${facts.map(([name, value]) => `  ${name.padEnd(18)}  ${value}\n`).join('')}\n`;
}

function endText({ survey }: RecordedLog): string {
  const { end, last, logBytes } = survey;
  const size = `${last.event} entries, ${logBytes} bytes of log`;
  if (end === undefined) return `${size}; cut off: it does not say how the run ended`;
  const trap = end.trap === null ? '' : ` (${end.trap})`;
  return `${size}; ${end.outcome}${trap} at counter ${end.counter}, exit code ${end.exitCode}, digest ${end.digest}`;
}
