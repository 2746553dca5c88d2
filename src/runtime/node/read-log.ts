/** A recording's log, entry by entry, for people and tools. */
import { LogFormatError } from '../../errors.js';
import { decodeBatch, encodeBatch } from '../../log/codec.js';
import type { Entry, LoggedValue } from '../../log/entry.js';
import type { Fields } from '../../wasi/decode-result.js';
import type { EntryDescription } from '../../wasi/describe.js';
import { batchesOf, type RecordingSurvey, surveyRecording } from './recording-file.js';
import type { ArgumentsOptions } from './replayed-arguments.js';

/** One entry, decoded. */
export interface LogLine extends EntryDescription {
  readonly event: number;
  readonly counter: number;
  /** Low 32 bits of the running digest. */
  readonly digest: number;
  /** What the entry takes in the log. */
  readonly bytes: number;
  readonly result: LoggedValue;
  /** The call's, by name, if they were asked for and the recording could be replayed up to here. */
  readonly arguments?: Fields;
  /** The same as one line. */
  readonly argumentsText?: string;
}

/** What a recording says about itself, and its entries in order. */
export interface RecordedLog {
  readonly survey: RecordingSurvey;
  lines(): AsyncGenerator<LogLine>;
  /** With the arguments of calls, from a replay that goes on as far as lines are read. */
  linesWithArguments(options?: ArgumentsOptions): AsyncGenerator<LogLine>;
}

/** Looks through the whole file first. Rejects with LogFormatError or FTW_IO; so does reading the lines. */
export async function openLog(path: string): Promise<RecordedLog> {
  const survey = await surveyRecording(path);
  return {
    survey,
    lines: () => linesOf(path),
    linesWithArguments: (options = {}) => linesWithArguments(path, options),
  };
}

async function* linesWithArguments(path: string, options: ArgumentsOptions): AsyncGenerator<LogLine> {
  const { fieldsText } = await import('../../wasi/describe.js');
  const { ReplayedArguments } = await import('./replayed-arguments.js');
  const replayed = await ReplayedArguments.start(path, options);
  try {
    for await (const line of linesOf(path)) {
      const found = line.class === 'event' ? undefined : await replayed.of(line.event);
      yield found === undefined ? line : { ...line, arguments: found, argumentsText: fieldsText(found) };
    }
  } finally {
    await replayed.close();
  }
}

async function* linesOf(path: string): AsyncGenerator<LogLine> {
  // Loaded here, because every other command would wait for it.
  const { describeEntry } = await import('../../wasi/describe.js');
  let event = 0;
  let counter = 0;
  for await (const batch of batchesOf(path)) {
    const { firstEvent, entries } = decodeBatch(batch);
    if (firstEvent !== event + 1) {
      throw new LogFormatError(`${path}: the log goes on with event ${firstEvent} where event ${event + 1} is due`, {
        expected: event + 1,
        found: firstEvent,
      });
    }
    for (const entry of entries) {
      event++;
      yield { event, ...describeEntry(entry), ...numbersOf(entry, event, counter) };
      counter = entry.counter;
    }
  }
}

function numbersOf(
  entry: Entry,
  event: number,
  counterBefore: number,
): Omit<LogLine, 'event' | keyof EntryDescription> {
  const { counter, digest, result } = entry;
  const bytes = encodeBatch(event, counterBefore, [entry]).length - encodeBatch(event, counterBefore, []).length;
  return { counter, digest, bytes, result };
}
