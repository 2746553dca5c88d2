/**
 * A snapshot is a stream of chunks, so that it can be sent while it is made and read while it comes.
 *
 *     magic (8 bytes)  format version u32  chunk*
 *     chunk: stored length u32, CRC-32 of what follows u32, kind u8, flags u8, payload
 *
 * All integers are little endian. With {@link COMPRESSED} the payload is the raw length u32, then the compressed bytes. The
 * pages of an uncompressed chunk of {@link ChunkKind.Pages} are not part of its CRC: each has a hash of its own.
 */
import { crc32 } from '../bytes/crc32.js';
import { FtWasmError, invariant } from '../errors.js';
import { pagesHead, pagesTail } from './pages-layout.js';

/** The last bytes catch transfers that translate line ends, as in PNG. */
const MAGIC = Uint8Array.from([0x46, 0x54, 0x57, 0x53, 0x4e, 0x50, 0x0d, 0x0a]);
/** Raised with every change of the format; see test/golden/snapshot. Versions 1 and 2 were never released and are not read. */
export const SNAPSHOT_VERSION = 3;

export const PREAMBLE_BYTES = MAGIC.length + 4;
export const CHUNK_HEADER_BYTES = 10;
const CHECKED_FROM = 8;
const COMPRESSED = 1;
/** Raw payloads are no longer than this. */
export const PAYLOAD_BYTES_MAX = 1 << 20;
/** A chunk that is not compressed is no longer than this. */
export const CHUNK_BYTES_MAX = CHUNK_HEADER_BYTES + PAYLOAD_BYTES_MAX;
/** What a length may be at most before it is damage: payload, raw length, and what a compressor may add to bad input. */
export const STORED_BYTES_MAX = PAYLOAD_BYTES_MAX + 4096;

export const ChunkKind = {
  /** What the snapshot is of; the first chunk. */
  Header: 0,
  /** A run of pages of one memory, see pages-layout.ts; a later chunk for a page replaces an earlier one. */
  Pages: 1,
  /** A piece of the engine's state without memories. */
  State: 2,
  /** A piece of a named section. */
  Section: 3,
  /** The last chunk: how many there are in all. */
  End: 4,
  /** The size of each memory, in pages: before its pages, and again whenever one has grown. Pages that no chunk holds are zero. */
  Memories: 5,
  /** A run of pages that are zero again. */
  ZeroPages: 6,
  /** Blocks of blobs, see blobs.ts; a later one replaces an earlier one. */
  Blocks: 7,
} as const;
export type ChunkKind = (typeof ChunkKind)[keyof typeof ChunkKind];

export interface Chunk {
  readonly kind: ChunkKind;
  readonly payload: Uint8Array;
}

/** How payloads are made smaller; the platform's business. Both sides must use the same. */
export interface Compression {
  compress(bytes: Uint8Array): Uint8Array;
  /** @throws anything when `bytes` are damaged */
  decompress(bytes: Uint8Array, rawBytes: number): Uint8Array;
}

export function encodePreamble(): Uint8Array {
  const bytes = new Uint8Array(PREAMBLE_BYTES);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint32(MAGIC.length, SNAPSHOT_VERSION, true);
  return bytes;
}

/** @throws FTW_SNAPSHOT for anything else than a snapshot of this version */
export function checkPreamble(bytes: Uint8Array): void {
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) throw snapshotError('this is no snapshot of ft-wasm');
  const version = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  if (version === SNAPSHOT_VERSION) return;
  const advice = version > SNAPSHOT_VERSION ? 'it was written by a newer ft-wasm' : 'no program reads that';
  throw snapshotError(
    `the snapshot has format version ${version}, this program reads version ${SNAPSHOT_VERSION}: ${advice}`,
    { version },
  );
}

/** One chunk as it stands in the stream, compressed if that saves a tenth. */
export function encodeChunk({ kind, payload }: Chunk, compression?: Compression): Uint8Array {
  invariant(payload.length <= PAYLOAD_BYTES_MAX, `${payload.length} bytes do not fit a chunk`);
  const packed = payload.length > 256 ? compression?.compress(payload) : undefined;
  if (packed !== undefined && packed.length + 4 <= payload.length * 0.9)
    return compressed(kind, payload.length, packed);
  const bytes = new Uint8Array(CHUNK_HEADER_BYTES + payload.length);
  bytes.set(payload, CHUNK_HEADER_BYTES);
  return sealChunk(bytes, kind);
}

function compressed(kind: ChunkKind, rawBytes: number, packed: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(CHUNK_HEADER_BYTES + 4 + packed.length);
  new DataView(bytes.buffer).setUint32(CHUNK_HEADER_BYTES, rawBytes, true);
  bytes.set(packed, CHUNK_HEADER_BYTES + 4);
  return sealChunk(bytes, kind, COMPRESSED);
}

/** Writes the header of a chunk in front of its payload, which is already in place. Returns `bytes`. */
export function sealChunk(bytes: Uint8Array, kind: ChunkKind, flags = 0): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  bytes[CHECKED_FROM] = kind;
  bytes[CHECKED_FROM + 1] = flags;
  view.setUint32(0, bytes.length - CHUNK_HEADER_BYTES, true);
  view.setUint32(4, checksum(bytes), true);
  return bytes;
}

function checksum(bytes: Uint8Array): number {
  const hashed = bytes[CHECKED_FROM] === ChunkKind.Pages && (bytes[CHECKED_FROM + 1]! & COMPRESSED) === 0;
  if (!hashed) return crc32(bytes, CHECKED_FROM);
  const head = crc32(bytes, CHECKED_FROM, pagesHead(bytes.length, CHUNK_HEADER_BYTES));
  return crc32(bytes, pagesTail(bytes.length, CHUNK_HEADER_BYTES), bytes.length, head);
}

/** Length of the chunk that starts with these {@link CHUNK_HEADER_BYTES}. `number`: of the chunk, for messages. */
export function chunkBytes(header: Uint8Array, number: number): number {
  const stored = new DataView(header.buffer, header.byteOffset).getUint32(0, true);
  if (stored > STORED_BYTES_MAX) throw damaged(number, `it claims ${stored} bytes`);
  return CHUNK_HEADER_BYTES + stored;
}

/** @throws FTW_SNAPSHOT when it is damaged or compressed in a way that is not known here */
export function decodeChunk(bytes: Uint8Array, number: number, compression?: Compression): Chunk {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (checksum(bytes) !== view.getUint32(4, true)) throw damaged(number, 'its checksum is wrong');
  const kind = bytes[CHECKED_FROM]! as ChunkKind;
  const payload = bytes.subarray(CHUNK_HEADER_BYTES);
  if ((bytes[CHECKED_FROM + 1]! & COMPRESSED) === 0) return { kind, payload };
  if (compression === undefined) throw snapshotError('the snapshot is compressed, and nothing here can decompress it');
  return {
    kind,
    payload: decompress(view.getUint32(CHUNK_HEADER_BYTES, true), payload.subarray(4), number, compression),
  };
}

function decompress(rawBytes: number, packed: Uint8Array, number: number, compression: Compression): Uint8Array {
  if (rawBytes > PAYLOAD_BYTES_MAX) throw damaged(number, `it claims ${rawBytes} bytes`);
  let payload: Uint8Array;
  try {
    payload = compression.decompress(packed, rawBytes);
  } catch (cause) {
    throw damaged(number, `it cannot be decompressed (${(cause as Error).message})`);
  }
  if (payload.length !== rawBytes) throw damaged(number, `${payload.length} bytes came out, not ${rawBytes}`);
  return payload;
}

export function damaged(chunk: number, reason: string): FtWasmError {
  return snapshotError(`chunk ${chunk} of the snapshot is damaged: ${reason}`, { chunk });
}

export function snapshotError(message: string, details: Record<string, unknown> = {}): FtWasmError {
  return new FtWasmError('FTW_SNAPSHOT', message, details);
}
