/**
 * The frame: the unit of everything that travels between processes, on TCP channels and in heartbeat datagrams.
 *
 * ```
 *  0        3        4      5        8          12               20           24             28
 *  | 'FTW'  | version| type | 0 0 0  | length   | epoch          | header CRC | frame CRC    | payload ...
 *  |        | u8     | u8   |        | u32      | u64            | u32        | u32          | length bytes
 * ```
 *
 * All numbers are little-endian. The header CRC covers bytes 0 to 19, so that a damaged length is found at once and
 * never makes a reader wait for bytes that will not come. The frame CRC covers bytes 0 to 19 and the payload; it is the
 * header CRC continued over the payload, so the second check costs nothing extra. A frame that fails either is a
 * failed peer, never data (design rule R11). The payload's meaning belongs to whoever owns the frame type.
 */
import { invariant } from '../errors.js';

/** 'FTW' in the low three bytes of a little-endian u32; the version is the fourth. */
export const FRAME_MAGIC = 0x575446;
/** Raised with every change of the header or of the meaning of a frame type. */
export const FRAME_VERSION = 1;
export const FRAME_HEADER_BYTES = 28;
/** Bytes of the header that both checksums cover. */
export const FRAME_CHECKED_BYTES = 20;
/** Largest payload that is accepted unless a channel is configured otherwise. */
export const FRAME_PAYLOAD_BYTES_MAX = 64 * 1024 * 1024;

/** Who a frame is for. Numbers are part of the protocol: never reused. */
export const FrameType = {
  /** Between replicas; the payload is a message of the replication protocol. */
  Peer: 1,
  /** Between a gateway and a replica; the payload is a message of the gateway protocol. */
  Gateway: 2,
  /** A datagram that says "I live"; the payload is chosen by the replication protocol. */
  Heartbeat: 3,
  /** From an operator's command to a replica and back; the payload is JSON. */
  Control: 4,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(FrameType));

export function isFrameType(value: number): value is FrameType {
  return KNOWN_TYPES.has(value);
}

export interface Frame {
  readonly type: FrameType;
  /** The sender's epoch (design rule R5); an integer below 2^53. */
  readonly epoch: number;
  readonly payload: Uint8Array;
  /** Called when the payload's bytes may change again; never if the channel breaks before. Only for frames to be sent. */
  readonly onSent?: () => void;
}

/**
 * CRC-32 (IEEE 802.3, as in zlib) of `bytes`, continued from `seed`, the CRC of what came before (0 at the start).
 * Injected, because Node's own is many times faster than one in JavaScript and lives in a `node:` module.
 */
export type Crc32 = (bytes: Uint8Array, seed?: number) => number;

const TWO_32 = 4294967296;

/**
 * Writes the header of a frame at `at` in `target`.
 * @param view over the same bytes as `target`.
 */
export function writeHeader(target: Uint8Array, view: DataView, at: number, frame: Frame, crc32: Crc32): void {
  const { type, epoch, payload } = frame;
  invariant(Number.isSafeInteger(epoch) && epoch >= 0, `epoch ${epoch} is not a non-negative integer`);
  view.setUint32(at, (FRAME_MAGIC | (FRAME_VERSION << 24)) >>> 0, true);
  view.setUint32(at + 4, type, true);
  view.setUint32(at + 8, payload.length, true);
  view.setUint32(at + 12, epoch % TWO_32, true);
  view.setUint32(at + 16, Math.floor(epoch / TWO_32), true);
  const headerCrc = crc32(target.subarray(at, at + FRAME_CHECKED_BYTES)) >>> 0;
  view.setUint32(at + 20, headerCrc, true);
  view.setUint32(at + 24, crc32(payload, headerCrc) >>> 0, true);
}

/** Reads the epoch of a header that starts at `at`. */
export function readEpoch(view: DataView, at: number): number {
  return view.getUint32(at + 16, true) * TWO_32 + view.getUint32(at + 12, true);
}

/** Encodes one frame into a buffer of its own: for datagrams and tests. Channels use {@link FrameWriter}. */
export function encodeFrame(frame: Frame, crc32: Crc32): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + frame.payload.length);
  writeHeader(bytes, new DataView(bytes.buffer), 0, frame, crc32);
  bytes.set(frame.payload, FRAME_HEADER_BYTES);
  return bytes;
}
