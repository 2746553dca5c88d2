/** A recording as its bytes come: first the guest's configuration with its files, then batches, then the end. Pure. */
import { LogFormatError } from '../errors.js';
import { FrameKind, type RecordingFrame, type RecordingHeader, RecordingReader, type TornTail } from '../log/file.js';
import type { WasiConfig } from '../wasi/config.js';
import type { Preopen, TreeEntry } from '../wasi/fs/description.js';
import { Attachments } from './attachments.js';
import { RecordedSnapshots } from './recorded-snapshots.js';
import { decodeRecordedEnd, type RecordedEnd, type RecordedGuest, recordedGuest } from './recording.js';

/** What a replay starts from. */
export interface RecordingOpening {
  readonly header: RecordingHeader;
  readonly guest: RecordedGuest;
  /** Undefined if the module is not in the recording. */
  readonly module: Uint8Array | undefined;
  readonly wasi: WasiConfig;
}

export class RecordingInput {
  /** Known once header and attachments have come. */
  opening: RecordingOpening | undefined;
  /** Known once the end has come; a recording without one was cut off. */
  end: RecordedEnd | undefined;
  readonly snapshots = new RecordedSnapshots();
  readonly #reader = new RecordingReader();
  #pending: { header: RecordingHeader; guest: RecordedGuest; attachments: Attachments } | undefined;

  /** `onPiece` is handed the pieces of snapshots, by number. */
  constructor(private readonly onPiece: (number: number, piece: Uint8Array) => void = () => {}) {}

  /** Takes the next bytes; returns the batches that are now complete. Throws LogFormatError. */
  push(chunk: Uint8Array): Uint8Array[] {
    const batches: Uint8Array[] = [];
    const frames = this.#reader.push(chunk);
    this.#takeHeader();
    for (const frame of frames) {
      if (frame.kind === FrameKind.Attachment) this.#attach(frame);
      else if (frame.kind === FrameKind.Batch) batches.push(this.#behindFiles(frame));
      else if (frame.kind === FrameKind.Snapshot) this.#snapshot(this.#behindFiles(frame));
      else this.end = decodeRecordedEnd(this.#behindFiles(frame));
    }
    return batches;
  }

  /** The input has ended. Reports a torn tail. Throws LogFormatError if not even everything before the log has come. */
  finish(): TornTail | undefined {
    const tail = this.#reader.finish();
    if (this.opening !== undefined) return tail;
    const missing = this.#pending?.attachments.missingBytes ?? 0;
    throw new LogFormatError(`the recording ends before its log begins: ${missing} bytes of its files are missing`, {
      missing,
    });
  }

  #takeHeader(): void {
    const { header } = this.#reader;
    if (header === undefined || this.#pending !== undefined) return;
    const guest = recordedGuest(header);
    this.#pending = { header, guest, attachments: new Attachments(attachmentSizes(guest)) };
    this.#openIfComplete();
  }

  #snapshot(payload: Uint8Array): void {
    const found = this.snapshots.take(payload);
    if (found !== undefined) this.onPiece(found.number, found.piece);
  }

  #attach({ payload, offset }: RecordingFrame): void {
    if (this.#pending?.attachments.add(payload) !== true) {
      throw new LogFormatError(`recording is damaged at byte ${offset}: more attached bytes than it lists`, { offset });
    }
    this.#openIfComplete();
  }

  #openIfComplete(): void {
    if (this.#pending === undefined || !this.#pending.attachments.isComplete) return;
    const { header, guest, attachments } = this.#pending;
    const parts = attachments.complete.values();
    const module = guest.module.embedded ? parts.next().value : undefined;
    const preopens = guest.wasi.preopens.map((preopen): Preopen => {
      const entries = preopen.entries.map((entry): TreeEntry => {
        if (entry.kind !== 'file') return entry;
        return { path: entry.path, kind: 'file', bytes: parts.next().value! };
      });
      return { ...preopen, entries };
    });
    this.opening = { header, guest, module, wasi: { ...guest.wasi, preopens } };
  }

  #behindFiles({ payload, offset }: RecordingFrame): Uint8Array {
    if (this.opening !== undefined) return payload;
    throw new LogFormatError(`recording is damaged at byte ${offset}: its log begins before its files are whole`, {
      offset,
    });
  }
}

function attachmentSizes({ module, wasi }: RecordedGuest): number[] {
  const files = wasi.preopens.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.kind === 'file' ? [entry.size] : [])),
  );
  return module.embedded ? [module.size, ...files] : files;
}
