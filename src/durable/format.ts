/**
 * What lies in a durable directory. A file is a preamble, then frames; all integers are little endian.
 *
 *     preamble: magic (8 bytes)  format version u32  nonce (8 bytes, of this file alone)
 *     frame:    payload length u32  CRC-32 of kind and payload u32  kind u8  payload
 *
 * The CRC of the header, which is the first frame, is also that of the preamble.
 *
 *     log-N       Header, then groups: each begins with a Group frame, then Batch, Left, Progress, Epoch and Doubt frames
 *     snapshot-N  Header, Piece frames, an Outputs frame somewhere among them, End
 *
 * N rises over all files of a directory. Whatever is still being written for the first time is called `*.partial`.
 */
import { Packr } from 'msgpackr/pack';
import { FtWasmError, invariant } from '../errors.js';
import type { Crc32 } from './storage.js';

/** The last bytes catch transfers that translate line ends, as in PNG. */
const MAGIC = Uint8Array.from([0x46, 0x54, 0x57, 0x44, 0x55, 0x52, 0x0d, 0x0a]);
/** Raised with every change of the format; test/golden/durable has a directory of each version. */
export const DURABLE_VERSION = 1;
export const NONCE_BYTES = 8;
export const PREAMBLE_BYTES = MAGIC.length + 4 + NONCE_BYTES;
export const FRAME_HEADER_BYTES = 9;
/** A length beyond this one is damage, not a frame: nothing may make the reader allocate without bound. */
export const FRAME_BYTES_MAX = 64 << 20;
/** Length of a whole Group frame. */
export const GROUP_BYTES = FRAME_HEADER_BYTES + NONCE_BYTES + 16;

export const FrameKind = {
  /** What the file is of, see {@link FileHeader}. */
  Header: 0,
  /** nonce, f64 offset of this frame in the file, f64 offset up to which the file was synced when this was written. */
  Group: 1,
  /** f64 first event, f64 last event, f64 counter at the last, packed entries (src/log/codec.ts). */
  Batch: 2,
  /** f64: outputs up to this event have left. */
  Left: 3,
  /** What gateways' clients have taken, as the live replica tells its backups. */
  Progress: 4,
  /** f64: epoch of a record that the replica has written or followed. */
  Epoch: 5,
  /** A piece of the guest's state. */
  Piece: 6,
  /** f64 event, f64 counter at it, outputs that belong to the state. */
  Outputs: 7,
  /** f64 number of frames before this one; nothing follows. */
  End: 8,
  /** f64: 1, clients may have seen more than this log knows; 0, the connections of those clients were given up. */
  Doubt: 9,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];
const KIND_MAX = 9;

/** One life of a replica that has written here. */
export interface Writer {
  readonly id: string;
  readonly incarnation: string;
}

/** Whether the output rule waits for the disk. */
export type OutputAfter = 'ack' | 'fsync';

export interface FileHeader {
  readonly service: string;
  /** What must be equal where the service is recovered, see the handshake. */
  readonly manifest: Readonly<Record<string, string>>;
  /** Files of one lineage tell one history without a gap; a replica that begins anew begins another. */
  readonly lineage: string;
  /** Whoever has written this lineage, the one that began this file last. */
  readonly writers: readonly Writer[];
  readonly outputAfter: OutputAfter;
  /** Clients may have seen more than the logs before this one know; see {@link FrameKind.Doubt}. */
  readonly doubt: boolean;
  /** Of a log: the first event that it may hold. Of a snapshot: 0. */
  readonly firstEvent: number;
  /** Newest epoch and last event whose outputs had left when the file was begun. */
  readonly epoch: number;
  readonly leftEvent: number;
}

const packr = new Packr({ useRecords: false, int64AsType: 'number' });

function encodePreamble(nonce: Uint8Array): Uint8Array {
  invariant(nonce.length === NONCE_BYTES, `a nonce of ${nonce.length} bytes`);
  const bytes = new Uint8Array(PREAMBLE_BYTES);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint32(MAGIC.length, DURABLE_VERSION, true);
  bytes.set(nonce, MAGIC.length + 4);
  return bytes;
}

/** The nonce of the file that begins with `bytes`. @throws FTW_DURABLE for any other file */
export function decodePreamble(bytes: Uint8Array, name: string): Uint8Array {
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) throw durableError(`${name} is no file of a durable directory`);
  const version = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  if (version !== DURABLE_VERSION) {
    const advice = version > DURABLE_VERSION ? 'it was written by a newer ft-wasm' : 'no program reads that';
    throw durableError(
      `${name} has format version ${version}; this program reads version ${DURABLE_VERSION}: ${advice}`,
      { version },
    );
  }
  return bytes.slice(MAGIC.length + 4, PREAMBLE_BYTES);
}

/** A frame whose payload is `numbers` as f64, then `bytes`. */
export function encodeFrame(
  crc32: Crc32,
  kind: FrameKind,
  numbers: readonly number[],
  bytes: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const length = numbers.length * 8 + bytes.length;
  invariant(length <= FRAME_BYTES_MAX, `${length} bytes do not fit a frame`);
  const frame = new Uint8Array(FRAME_HEADER_BYTES + length);
  const view = new DataView(frame.buffer);
  frame[8] = kind;
  for (const [index, number] of numbers.entries()) view.setFloat64(FRAME_HEADER_BYTES + index * 8, number, true);
  frame.set(bytes, FRAME_HEADER_BYTES + numbers.length * 8);
  return seal(frame, crc32);
}

/** Says, in front of what is written next, where that is and up to where everything is known to be on the disk. */
export function encodeGroup(crc32: Crc32, nonce: Uint8Array, offset: number, syncedOffset: number): Uint8Array {
  const frame = new Uint8Array(GROUP_BYTES);
  const view = new DataView(frame.buffer);
  frame[8] = FrameKind.Group;
  frame.set(nonce, FRAME_HEADER_BYTES);
  view.setFloat64(FRAME_HEADER_BYTES + NONCE_BYTES, offset, true);
  view.setFloat64(FRAME_HEADER_BYTES + NONCE_BYTES + 8, syncedOffset, true);
  return seal(frame, crc32);
}

/** A file's first bytes. */
export function encodeFileStart(crc32: Crc32, nonce: Uint8Array, header: FileHeader): Uint8Array {
  const preamble = encodePreamble(nonce);
  const seed = crc32(preamble);
  const frame = encodeFrame((bytes) => crc32(bytes, seed), FrameKind.Header, [], packr.pack(header));
  const bytes = new Uint8Array(preamble.length + frame.length);
  bytes.set(preamble);
  bytes.set(frame, preamble.length);
  return bytes;
}

/** @throws FTW_DURABLE when it is anything else */
export function decodeHeader(payload: Uint8Array, name: string): FileHeader {
  let header: unknown;
  try {
    header = packr.unpack(payload);
  } catch {
    header = undefined;
  }
  if (!isHeader(header)) throw durableError(`${name} is damaged: its header cannot be read`);
  return header;
}

function seal(frame: Uint8Array, crc32: Crc32): Uint8Array {
  const view = new DataView(frame.buffer);
  view.setUint32(0, frame.length - FRAME_HEADER_BYTES, true);
  view.setUint32(4, crc32(frame.subarray(8)), true);
  return frame;
}

/** Whether a frame stands at `at`, whole and unharmed; its length if so. `seed`: of the header, the preamble's CRC. */
export function frameAt(bytes: Uint8Array, at: number, crc32: Crc32, seed = 0): number | undefined {
  if (bytes.length - at < FRAME_HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = at + FRAME_HEADER_BYTES + view.getUint32(at, true);
  if (end > bytes.length || bytes[at + 8]! > KIND_MAX) return undefined;
  return crc32(bytes.subarray(at + 8, end), seed) === view.getUint32(at + 4, true) ? end - at : undefined;
}

export function durableError(message: string, details: Record<string, unknown> = {}, cause?: unknown): FtWasmError {
  return new FtWasmError('FTW_DURABLE', message, details, cause === undefined ? undefined : { cause });
}

function isHeader(value: unknown): value is FileHeader {
  if (typeof value !== 'object' || value === null) return false;
  const { service, manifest, lineage, writers, outputAfter, doubt, firstEvent, epoch, leftEvent } = value as FileHeader;
  const texts = [service, lineage].every((text) => typeof text === 'string');
  const numbers = [firstEvent, epoch, leftEvent].every((number) => Number.isSafeInteger(number) && number >= 0);
  if (!texts || !numbers || (outputAfter !== 'ack' && outputAfter !== 'fsync')) return false;
  if (typeof doubt !== 'boolean') return false;
  if (typeof manifest !== 'object' || manifest === null || !Array.isArray(writers)) return false;
  const facts = Object.values(manifest).every((fact) => typeof fact === 'string');
  return facts && writers.every((writer) => typeof writer?.id === 'string' && typeof writer.incarnation === 'string');
}
