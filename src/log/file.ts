/**
 * The file format of a recording: magic, then frames. Pure; whoever has a file feeds bytes in and out.
 *
 * File: magic (8 bytes), format version u32, then one header frame, attachments, batches, and an end frame if the run came
 * to its end. Frame: payload length u32, CRC-32 of kind and payload u32, kind u8, payload. All integers little endian.
 */
import { Packr } from 'msgpackr/pack';
import { crc32 } from '../bytes/crc32.js';
import { PendingBytes } from '../bytes/pending-bytes.js';
import { invariant, LogFormatError } from '../errors.js';

/** The last bytes catch transfers that translate line ends, as in PNG. */
const MAGIC = Uint8Array.from([0x46, 0x54, 0x57, 0x52, 0x45, 0x43, 0x0d, 0x0a]);
/** Of a recording without snapshots; it is the same as ever. */
export const RECORDING_VERSION = 1;
/** Of one that may hold snapshots. */
export const RECORDING_VERSION_SNAPSHOTS = 2;
const PREAMBLE_BYTES = MAGIC.length + 4;
const FRAME_HEADER_BYTES = 9;
const CHECKED_FROM = 8;
/** A length beyond this one is damage, not a frame: nothing may make the reader allocate without bound. */
export const RECORDING_FRAME_BYTES_MAX = 64 * 1024 * 1024;

const packr = new Packr({ useRecords: false });

/** What a frame holds. */
export const FrameKind = {
  Header: 0,
  /** A piece of what the header describes: module and files. */
  Attachment: 1,
  /** Log entries, see codec.ts. */
  Batch: 2,
  /** How the run ended; nothing follows. */
  End: 3,
  /** A piece of a snapshot, or where it was taken, see src/runtime/recorded-snapshots.ts; version 2. */
  Snapshot: 4,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];
const KINDS: readonly number[] = Object.values(FrameKind);

export interface RecordingFrame {
  readonly kind: FrameKind;
  /** A copy, the receiver's own. */
  readonly payload: Uint8Array;
  /** File offset of the frame, for messages. */
  readonly offset: number;
}

/** What a replay must be given, so that it can repeat the run. */
export interface RecordingHeader {
  /** SHA-256 of the module's bytes, hex. */
  readonly moduleHash: string;
  readonly rewriterVersion: string;
  /** Named facts that must be equal; see the handshake. */
  readonly manifest: Readonly<Record<string, string>>;
  /** How to start the guest, as plain values; whoever replays checks them. */
  readonly guest?: unknown;
}

/** A file's first bytes. */
export function encodeRecordingHeader(header: RecordingHeader, version = RECORDING_VERSION): Uint8Array {
  const frame = encodeFrame(FrameKind.Header, packr.pack(header));
  const bytes = new Uint8Array(PREAMBLE_BYTES + frame.length);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint32(MAGIC.length, version, true);
  bytes.set(frame, PREAMBLE_BYTES);
  return bytes;
}

/** One frame as it stands in the file. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array): Uint8Array {
  invariant(payload.length <= RECORDING_FRAME_BYTES_MAX, `${payload.length} bytes do not fit a frame`);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  bytes[CHECKED_FROM] = kind;
  bytes.set(payload, FRAME_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint32(4, crc32(bytes, CHECKED_FROM), true);
  return bytes;
}

/** A tail that a crash left behind: everything before it is good. */
export interface TornTail {
  /** Where the good part ends: cut the file here. */
  readonly offset: number;
  /** Bytes after that. */
  readonly bytes: number;
  readonly reason: string;
}

/** Reads a recording as its bytes come. */
export class RecordingReader {
  /** Known once enough bytes were pushed. */
  header: RecordingHeader | undefined;
  readonly #unread = new PendingBytes();
  /** File offset of the first byte not yet consumed. */
  #offset = 0;
  /** Why what follows is no frame; it may still turn out to be a torn tail. */
  #damage: string | undefined;
  /** Zeros that came behind the damage; they are counted, not kept. */
  #zeros = 0;
  #preambleRead = false;
  #ended = false;

  /** Takes the next bytes; returns the frames behind the header that are now complete. Throws LogFormatError. */
  push(chunk: Uint8Array): RecordingFrame[] {
    if (this.#damage !== undefined) return this.#pushBehindDamage(this.#damage, chunk);
    this.#unread.append(chunk);
    if (!this.#preambleRead && !this.#readPreamble()) return [];
    const frames: RecordingFrame[] = [];
    for (let frame = this.#takeFrame(); frame !== undefined; frame = this.#takeFrame()) {
      if (this.header !== undefined) frames.push(frame);
      else this.header = decodeHeader(frame);
    }
    return frames;
  }

  /** The input has ended: reports a torn tail, or undefined if the last frame is whole. Throws if not even a header came. */
  finish(): TornTail | undefined {
    if (this.header === undefined) {
      throw new LogFormatError(`recording ends at byte ${this.#offset + this.#unread.bytes.length}, inside its header`);
    }
    const bytes = this.#unread.bytes.length + this.#zeros;
    if (bytes === 0) return undefined;
    return { offset: this.#offset, bytes, reason: this.#damage ?? 'the last frame is incomplete' };
  }

  #pushBehindDamage(what: string, chunk: Uint8Array): RecordingFrame[] {
    if (chunk.some((byte) => byte !== 0)) throw this.#damagedInside(what);
    this.#zeros += chunk.length;
    return [];
  }

  #readPreamble(): boolean {
    const pending = this.#unread.bytes;
    const known = Math.min(pending.length, MAGIC.length);
    if (MAGIC.subarray(0, known).some((byte, at) => byte !== pending[at])) {
      throw new LogFormatError('not a recording: the file does not start with FTWREC', { offset: 0 });
    }
    if (pending.length < PREAMBLE_BYTES) return false;
    const version = viewOf(pending).getUint32(MAGIC.length, true);
    if (version !== RECORDING_VERSION && version !== RECORDING_VERSION_SNAPSHOTS) {
      const known = `${RECORDING_VERSION} and ${RECORDING_VERSION_SNAPSHOTS}`;
      const message = `recording has format version ${version}; this program reads ${known}`;
      throw new LogFormatError(message, { version });
    }
    this.#consume(PREAMBLE_BYTES);
    this.#preambleRead = true;
    return true;
  }

  /** The next whole frame; undefined if more bytes are needed or the rest is damaged. */
  #takeFrame(): RecordingFrame | undefined {
    const pending = this.#unread.bytes;
    if (pending.length < FRAME_HEADER_BYTES) return undefined;
    const view = viewOf(pending);
    const length = view.getUint32(0, true);
    const end = FRAME_HEADER_BYTES + length;
    if (length === 0) return this.#damaged('a frame of length 0', FRAME_HEADER_BYTES);
    if (length > RECORDING_FRAME_BYTES_MAX) return this.#damaged(`a frame of length ${length}`, FRAME_HEADER_BYTES);
    if (pending.length < end) return undefined;
    const sum = crc32(pending, CHECKED_FROM, end);
    if (sum !== view.getUint32(4, true)) return this.#damaged('a frame with a wrong checksum', end);
    const kind = pending[CHECKED_FROM]!;
    const offset = this.#offset;
    this.#checkPlace(kind);
    const payload = pending.slice(FRAME_HEADER_BYTES, end);
    this.#consume(end);
    return { kind: kind as FrameKind, payload, offset };
  }

  /** One header first, nothing behind the end. */
  #checkPlace(kind: number): void {
    if (!KINDS.includes(kind)) throw this.#damagedInside(`a frame of unknown kind ${kind}`);
    if ((kind === FrameKind.Header) !== (this.header === undefined)) {
      throw this.#damagedInside(`a frame of kind ${kind} where it cannot be`);
    }
    if (this.#ended) throw this.#damagedInside('a frame behind the end');
    this.#ended = kind === FrameKind.End;
  }

  /**
   * What lies at the very end, or is followed by nothing but zeros (as file systems leave them), is a torn tail; data after
   * a bad frame means that the file was damaged in the middle, and what follows it cannot be trusted.
   */
  #damaged(what: string, end: number): undefined {
    const behind = this.#unread.bytes.subarray(end);
    if (this.header === undefined || behind.some((byte) => byte !== 0)) throw this.#damagedInside(what);
    this.#damage = what;
    return undefined;
  }

  #damagedInside(what: string): LogFormatError {
    return new LogFormatError(`recording is damaged at byte ${this.#offset}: ${what}`, { offset: this.#offset });
  }

  #consume(length: number): void {
    this.#unread.drop(length);
    this.#offset += length;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function decodeHeader({ payload }: RecordingFrame): RecordingHeader {
  let header: unknown;
  try {
    header = packr.unpack(payload);
  } catch (cause) {
    throw new LogFormatError('the header of the recording is damaged', {}, { cause });
  }
  if (!isHeader(header)) throw new LogFormatError('the header of the recording lacks a field', { header });
  return header;
}

function isHeader(value: unknown): value is RecordingHeader {
  if (typeof value !== 'object' || value === null) return false;
  const { moduleHash, rewriterVersion, manifest } = value as Record<string, unknown>;
  if (typeof moduleHash !== 'string' || typeof rewriterVersion !== 'string') return false;
  if (typeof manifest !== 'object' || manifest === null) return false;
  return Object.values(manifest).every((fact) => typeof fact === 'string');
}
