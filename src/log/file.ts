/**
 * The file format of a recording: a header, then framed batches. Pure; whoever has a file feeds bytes in and out.
 *
 * Header: magic (8 bytes), format version u32, then one frame with the packed header record.
 * Frame: payload length u32, CRC-32 of the payload u32, payload. All integers little endian.
 */
import { Packr } from 'msgpackr';
import { crc32 } from '../bytes/crc32.js';
import { invariant, LogFormatError } from '../errors.js';

/** The last bytes catch transfers that translate line ends, as in PNG. */
const MAGIC = Uint8Array.from([0x46, 0x54, 0x57, 0x52, 0x45, 0x43, 0x0d, 0x0a]);
export const RECORDING_VERSION = 1;
const PREAMBLE_BYTES = MAGIC.length + 4;
const FRAME_HEADER_BYTES = 8;
/** A length beyond this one is damage, not a frame: nothing may make the reader allocate without bound. */
export const RECORDING_FRAME_BYTES_MAX = 64 * 1024 * 1024;

const packr = new Packr({ useRecords: false });

/** What a replay must be given, so that it can repeat the run. */
export interface RecordingHeader {
  /** SHA-256 of the module's bytes, hex. */
  readonly moduleHash: string;
  readonly rewriterVersion: string;
  /** Named facts that must be equal; see the handshake. */
  readonly manifest: Readonly<Record<string, string>>;
}

/** A file's first bytes. */
export function encodeRecordingHeader(header: RecordingHeader): Uint8Array {
  const frame = encodeFrame(packr.pack(header));
  const bytes = new Uint8Array(PREAMBLE_BYTES + frame.length);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint32(MAGIC.length, RECORDING_VERSION, true);
  bytes.set(frame, PREAMBLE_BYTES);
  return bytes;
}

/** A batch (see codec.ts) as it follows in the file. */
export function encodeFrame(payload: Uint8Array): Uint8Array {
  invariant(payload.length <= RECORDING_FRAME_BYTES_MAX, `a batch of ${payload.length} bytes does not fit a frame`);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint32(4, crc32(payload), true);
  bytes.set(payload, FRAME_HEADER_BYTES);
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
  /** What was pushed and not yet consumed lies in `[start, end)` of a buffer that grows by doubling. */
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** File offset of the first byte not yet consumed. */
  #offset = 0;
  /** Why what follows is no frame; it may still turn out to be a torn tail. */
  #damage: string | undefined;
  /** Zeros that came behind the damage; they are counted, not kept. */
  #zeros = 0;
  #preambleRead = false;

  /** Takes the next bytes; returns the batches that are now complete, each its own copy. Throws LogFormatError. */
  push(chunk: Uint8Array): Uint8Array[] {
    if (this.#damage !== undefined) return this.#pushBehindDamage(this.#damage, chunk);
    this.#append(chunk);
    if (!this.#preambleRead && !this.#readPreamble()) return [];
    const batches: Uint8Array[] = [];
    for (let payload = this.#takeFrame(); payload !== undefined; payload = this.#takeFrame()) {
      if (this.header === undefined) this.header = decodeHeader(payload);
      else batches.push(payload);
    }
    return batches;
  }

  /** The input has ended: reports a torn tail, or undefined if the last frame is whole. Throws if not even a header came. */
  finish(): TornTail | undefined {
    if (this.header === undefined) {
      throw new LogFormatError(`recording ends at byte ${this.#offset + this.#pending.length}, inside its header`);
    }
    const bytes = this.#pending.length + this.#zeros;
    if (bytes === 0) return undefined;
    return { offset: this.#offset, bytes, reason: this.#damage ?? 'the last frame is incomplete' };
  }

  get #pending(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  #append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) {
      const pending = this.#pending;
      this.#buffer = new Uint8Array(Math.max(pending.length + chunk.length, pending.length * 2));
      this.#buffer.set(pending);
      this.#start = 0;
      this.#end = pending.length;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #pushBehindDamage(what: string, chunk: Uint8Array): Uint8Array[] {
    if (chunk.some((byte) => byte !== 0)) throw this.#damagedInside(what);
    this.#zeros += chunk.length;
    return [];
  }

  #readPreamble(): boolean {
    const pending = this.#pending;
    const known = Math.min(pending.length, MAGIC.length);
    if (MAGIC.subarray(0, known).some((byte, at) => byte !== pending[at])) {
      throw new LogFormatError('not a recording: the file does not start with FTWREC', { offset: 0 });
    }
    if (pending.length < PREAMBLE_BYTES) return false;
    const version = viewOf(pending).getUint32(MAGIC.length, true);
    if (version !== RECORDING_VERSION) {
      const message = `recording has format version ${version}; this program reads ${RECORDING_VERSION}`;
      throw new LogFormatError(message, { version });
    }
    this.#consume(PREAMBLE_BYTES);
    this.#preambleRead = true;
    return true;
  }

  /** The next whole frame's payload; undefined if more bytes are needed or the rest is damaged. */
  #takeFrame(): Uint8Array | undefined {
    const pending = this.#pending;
    if (pending.length < FRAME_HEADER_BYTES) return undefined;
    const view = viewOf(pending);
    const length = view.getUint32(0, true);
    const end = FRAME_HEADER_BYTES + length;
    if (length === 0) return this.#damaged('a frame of length 0', FRAME_HEADER_BYTES);
    if (length > RECORDING_FRAME_BYTES_MAX) return this.#damaged(`a frame of length ${length}`, FRAME_HEADER_BYTES);
    if (pending.length < end) return undefined;
    const payload = pending.slice(FRAME_HEADER_BYTES, end);
    if (crc32(payload) !== view.getUint32(4, true)) return this.#damaged('a frame with a wrong checksum', end);
    this.#consume(end);
    return payload;
  }

  /**
   * What lies at the very end, or is followed by nothing but zeros (as file systems leave them), is a torn tail; data after
   * a bad frame means that the file was damaged in the middle, and what follows it cannot be trusted.
   */
  #damaged(what: string, end: number): undefined {
    const behind = this.#pending.subarray(end);
    if (this.header === undefined || behind.some((byte) => byte !== 0)) throw this.#damagedInside(what);
    this.#damage = what;
    return undefined;
  }

  #damagedInside(what: string): LogFormatError {
    return new LogFormatError(`recording is damaged at byte ${this.#offset}: ${what}`, { offset: this.#offset });
  }

  #consume(length: number): void {
    this.#start += length;
    this.#offset += length;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function decodeHeader(payload: Uint8Array): RecordingHeader {
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
