/**
 * Looks through a durable directory from end to end before anything is made of it: what there is to recover, and whether
 * all of it can be read. A snapshot and the logs behind it are a service; so are logs from the first event on.
 */
import { type DurableFile, durableFiles, framesOf, headerOf } from './directory.js';
import { durableError, type FileHeader, FrameKind } from './format.js';
import type { Frame, TornTail } from './frame-reader.js';
import type { Crc32, Storage } from './storage.js';

/** A service as a durable directory has it. */
export interface Recovered {
  /** Of the last file that was begun. */
  readonly header: FileHeader;
  readonly snapshot?: RecoveredSnapshot;
  /** Files that hold the events behind the snapshot, oldest first. */
  readonly logs: readonly string[];
  /** The last event, and the guest's instruction counter there. */
  readonly event: number;
  readonly counter: number;
  /** Outputs up to this event are known to have left. */
  readonly leftEvent: number;
  readonly epoch: number;
  /** Clients may have seen more than this. */
  readonly doubt: boolean;
  /** Bytes of the batches behind the snapshot. */
  readonly logBytes: number;
  /** What a crash has left behind the last whole frame of the last log. */
  readonly tail?: TornTail & { readonly name: string };
}

export interface RecoveredSnapshot {
  readonly name: string;
  readonly event: number;
  readonly bytes: number;
}

interface Listed extends DurableFile {
  readonly header: FileHeader;
}

/** What the directory holds; undefined if nothing can be recovered because nothing was ever complete. @throws FTW_DURABLE */
export async function survey(storage: Storage, crc32: Crc32): Promise<Recovered | undefined> {
  const listed: Listed[] = [];
  for (const file of durableFiles(await storage.list())) {
    listed.push({ ...file, header: await headerOf(storage, crc32, file.name) });
  }
  const lineage = newestLineage(listed);
  if (lineage === undefined) return undefined;
  const reading = new Reading(storage, crc32);
  const base = lineage.findLast(({ kind }) => kind === 'snapshot');
  if (base !== undefined) await reading.snapshot(base.name);
  const logs = lineage.filter(({ kind }) => kind === 'log');
  const due = logs.filter((_, index) => !isBefore(logs[index + 1], reading.event));
  for (const [index, log] of due.entries()) await reading.log(log, index === due.length - 1);
  return reading.result(lineage.at(-1)!.header);
}

/** The files of the newest lineage that has a beginning: a snapshot, or the first event. */
function newestLineage(files: readonly Listed[]): Listed[] | undefined {
  const newest = files.findLast(({ header }) =>
    files.some((file) => file.header.lineage === header.lineage && (file.kind === 'snapshot' || isFirst(file))),
  );
  return newest && files.filter(({ header }) => header.lineage === newest.header.lineage);
}

function isFirst({ kind, header }: Listed): boolean {
  return kind === 'log' && header.firstEvent === 1;
}

/** Whether the log before `next` holds nothing behind `event`. */
function isBefore(next: Listed | undefined, event: number): boolean {
  return next !== undefined && next.header.firstEvent <= event + 1;
}

class Reading {
  event = 0;
  #counter = 0;
  #leftEvent = 0;
  #epoch = 0;
  #doubt = false;
  #logBytes = 0;
  #snapshot: RecoveredSnapshot | undefined;
  #tail: (TornTail & { readonly name: string }) | undefined;
  readonly #logs: string[] = [];
  /** Last event that was read, which the snapshot may be ahead of. */
  #read: number | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly crc32: Crc32,
  ) {}

  async snapshot(name: string): Promise<void> {
    let frames = 0;
    let bytes = 0;
    let outputs: Frame | undefined;
    let end: Frame | undefined;
    const onTail = ({ offset }: TornTail): never => {
      throw damaged(name, offset, 'a frame cannot be read');
    };
    for await (const frame of framesOf(this.storage, this.crc32, name, onTail)) {
      if (frame.kind === FrameKind.Header) continue;
      if (frame.kind === FrameKind.End) {
        end = frame;
        continue;
      }
      frames++;
      if (frame.kind === FrameKind.Outputs && outputs === undefined) outputs = frame;
      else if (frame.kind !== FrameKind.Piece) throw damaged(name, frame.offset, 'a frame that cannot be there');
      bytes += frame.payload.length;
    }
    if (end === undefined || outputs === undefined) throw damaged(name, 0, 'it is not complete');
    if (numberAt(end, 0) !== frames) throw damaged(name, end.offset, `it holds ${frames} frames`);
    this.event = numberAt(outputs, 0);
    this.#counter = numberAt(outputs, 1);
    this.#snapshot = { name, event: this.event, bytes };
  }

  async log({ name, header }: Listed, isLast: boolean): Promise<void> {
    const expected = (this.#read ?? this.event) + 1;
    if (header.firstEvent > expected) throw missing(name, expected, header.firstEvent);
    this.#logs.push(name);
    this.#read ??= header.firstEvent - 1;
    this.#epoch = Math.max(this.#epoch, header.epoch);
    this.#leftEvent = Math.max(this.#leftEvent, header.leftEvent);
    this.#doubt = header.doubt;
    const onTail = (tail: TornTail): void => {
      if (!isLast) throw damaged(name, tail.offset, 'a frame cannot be read, and another log follows');
      this.#tail = { ...tail, name };
    };
    for await (const frame of framesOf(this.storage, this.crc32, name, onTail)) this.#take(name, frame);
  }

  result(header: FileHeader): Recovered {
    return {
      header,
      ...(this.#snapshot && { snapshot: this.#snapshot }),
      logs: this.#logs,
      event: this.event,
      counter: this.#counter,
      leftEvent: this.#leftEvent,
      epoch: Math.max(this.#epoch, header.epoch),
      doubt: this.#doubt || header.outputAfter === 'ack',
      logBytes: this.#logBytes,
      ...(this.#tail && { tail: this.#tail }),
    };
  }

  #take(name: string, frame: Frame): void {
    switch (frame.kind) {
      case FrameKind.Header:
      case FrameKind.Group:
      case FrameKind.Progress:
        return;
      case FrameKind.Left:
        this.#leftEvent = Math.max(this.#leftEvent, numberAt(frame, 0));
        return;
      case FrameKind.Epoch:
        this.#epoch = Math.max(this.#epoch, numberAt(frame, 0));
        return;
      case FrameKind.Doubt:
        this.#doubt = numberAt(frame, 0) === 1;
        return;
      case FrameKind.Batch:
        return this.#batch(name, frame);
      default:
        throw damaged(name, frame.offset, 'a frame that cannot be there');
    }
  }

  #batch(name: string, frame: Frame): void {
    const [first, last, counter] = [numberAt(frame, 0), numberAt(frame, 1), numberAt(frame, 2)];
    if (first !== this.#read! + 1 || last < first) throw missing(name, this.#read! + 1, first);
    this.#read = last;
    if (last <= this.event) return;
    this.event = last;
    this.#counter = counter;
    this.#logBytes += frame.payload.length;
  }
}

/** One of the numbers that a frame's payload begins with. */
export function numberAt({ payload }: Frame, index: number): number {
  return new DataView(payload.buffer, payload.byteOffset, payload.length).getFloat64(index * 8, true);
}

function damaged(name: string, offset: number, why: string): Error {
  return durableError(`${name} is damaged at byte ${offset}: ${why}`, { file: name, offset });
}

function missing(name: string, expected: number, found: number): Error {
  const what = `${name} goes on with event ${found} where event ${expected} is due`;
  return durableError(`${what}; is a file missing?`, { file: name, expected, found });
}
