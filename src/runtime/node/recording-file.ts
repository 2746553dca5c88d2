/** Recordings as files: opened, looked through once from end to end, and read batch by batch. */
import { type FileHandle, open } from 'node:fs/promises';
import { FtWasmError, LogFormatError } from '../../errors.js';
import { decodeBatch } from '../../log/codec.js';
import { POSITION_ZERO, type Position } from '../../log/entry.js';
import type { TornTail } from '../../log/file.js';
import type { RecordedSnapshot } from '../recorded-snapshots.js';
import type { RecordedEnd } from '../recording.js';
import { RecordingInput, type RecordingOpening } from '../recording-input.js';

const CHUNK_BYTES = 1024 * 1024;

/** What one look at a whole recording tells. */
export interface RecordingSurvey extends RecordingOpening {
  readonly path: string;
  readonly fileBytes: number;
  /** Bytes of all batches. */
  readonly logBytes: number;
  /** Position of the last entry. */
  readonly last: Position;
  /** Undefined if the recording was cut off. */
  readonly end: RecordedEnd | undefined;
  /** In the order of the run. */
  readonly snapshots: readonly RecordedSnapshot[];
  /** What a crash left behind the last whole frame. */
  readonly tail: TornTail | undefined;
}

/**
 * Reads a whole recording without running it, so that damage anywhere is known before anything happens. Rejects with
 * LogFormatError or FTW_IO.
 */
export async function surveyRecording(path: string): Promise<RecordingSurvey> {
  const input = new RecordingInput();
  let lastBatch: Uint8Array | undefined;
  let logBytes = 0;
  let fileBytes = 0;
  for await (const chunk of chunksOf(path)) {
    fileBytes += chunk.length;
    for (const batch of named(path, () => input.push(chunk))) {
      logBytes += batch.length;
      lastBatch = batch;
    }
  }
  return named(path, () => {
    const tail = input.finish();
    const last = lastBatch === undefined ? POSITION_ZERO : positionBehind(lastBatch);
    const { end, snapshots } = input;
    return { ...input.opening!, path, fileBytes, logBytes, last, end, snapshots: snapshots.complete, tail };
  });
}

/** The batches of a recording that has been looked through. Rejects if it changes meanwhile. */
export async function* batchesOf(path: string): AsyncGenerator<Uint8Array> {
  const input = new RecordingInput();
  for await (const chunk of chunksOf(path)) yield* named(path, () => input.push(chunk));
}

/** The pieces of one of a recording's snapshots. Rejects if the file changes meanwhile. */
export async function* recordedPieces(path: string, wanted: number): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  const input = new RecordingInput((number, piece) => {
    if (number === wanted) pieces.push(piece);
  });
  for await (const chunk of chunksOf(path)) {
    named(path, () => input.push(chunk));
    yield* pieces;
    pieces = [];
  }
}

function positionBehind(batch: Uint8Array): Position {
  const { lastCounter, lastEvent } = decodeBatch(batch);
  return { counter: lastCounter, event: lastEvent };
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    for (;;) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    if (cause instanceof FtWasmError) throw cause;
    const { code: errno, message } = cause as NodeJS.ErrnoException;
    const why = errno === 'ENOENT' ? 'there is no such file' : message;
    throw new FtWasmError('FTW_IO', `cannot read the recording ${path}: ${why}`, { path, errno }, { cause });
  } finally {
    await file?.close();
  }
}

/** Says which file a format error is about. */
function named<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LogFormatError)) throw error;
    throw new LogFormatError(`${path}: ${error.message}`, { path, ...error.details }, { cause: error });
  }
}
