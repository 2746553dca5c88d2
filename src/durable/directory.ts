/** The files of a durable directory by name, and their frames. */
import { decodeHeader, durableError, type FileHeader, FrameKind } from './format.js';
import { type Frame, FrameReader, type TornTail } from './frame-reader.js';
import type { Crc32, Storage } from './storage.js';

export interface DurableFile {
  readonly name: string;
  readonly kind: 'log' | 'snapshot';
  readonly number: number;
}

export function logName(number: number): string {
  return `log-${String(number).padStart(8, '0')}`;
}

export function snapshotName(number: number): string {
  return `snapshot-${String(number).padStart(8, '0')}`;
}

/** Those of `names` that are whole files of the store, oldest first. */
export function durableFiles(names: readonly string[]): DurableFile[] {
  const files: DurableFile[] = [];
  for (const name of names) {
    const match = /^(log|snapshot)-(\d{8,15})$/.exec(name);
    if (match !== null) files.push({ name, kind: match[1] as DurableFile['kind'], number: Number(match[2]) });
  }
  return files.sort((a, b) => a.number - b.number);
}

export function isPartial(name: string): boolean {
  return /^(log|snapshot)-\d{8,15}\.partial$/.test(name);
}

/** The frames of a file, the header included. `onTail` hears of an end that a crash has torn. @throws FTW_DURABLE */
export async function* framesOf(
  storage: Storage,
  crc32: Crc32,
  name: string,
  onTail: (tail: TornTail) => void,
): AsyncGenerator<Frame, void> {
  const reader = new FrameReader(name, crc32);
  for await (const chunk of storage.read(name)) yield* reader.push(chunk);
  const tail = reader.finish();
  if (tail !== undefined) onTail(tail);
}

/** @throws FTW_DURABLE when the file has none */
export async function headerOf(storage: Storage, crc32: Crc32, name: string): Promise<FileHeader> {
  for await (const frame of framesOf(storage, crc32, name, () => {})) {
    if (frame.kind === FrameKind.Header) return decodeHeader(frame.payload, name);
    break;
  }
  throw durableError(`${name} is damaged: its header cannot be read`, { file: name });
}
