/**
 * What gateway and replica say to each other, and its encoding. A frame's payload is a run of records, so that one
 * frame, one checksum and one write carry everything that a turn of the event loop produced.
 *
 * ```
 * record   kind u8 | stream f64 | value f64 | length u32 | length bytes
 * ```
 * `value` is a byte offset of the stream unless a kind says otherwise. Offsets count from the start of the stream, per
 * direction: input is what the client sends, output is what the guest sends.
 */
import { ChannelError } from '../errors.js';
import type { StreamId } from '../host/services.js';

/** Raised with every change of a record's shape or meaning. */
export const GATEWAY_PROTOCOL_VERSION = 1;

/** How long a gateway keeps its clients while no replica is live, in ms, unless it was told otherwise (`--wait`). */
export const GATEWAY_WAIT_MS = 30_000;

export const RecordKind = {
  /** Gateway: first record of a link. value = protocol version; bytes = JSON of {@link AttachRequest}. */
  Attach: 1,
  /** Replica: this gateway's streams are served here. value = epoch; bytes = JSON of {@link AttachReply}. */
  Attached: 2,
  /** Replica: not the live one. value = newest epoch it knows of; bytes = reason. */
  NotLive: 3,
  /** Gateway: a stream it holds; sent for each after Attach. value = output offset delivered to the client; bytes = u32 listener. */
  Have: 4,
  /** Gateway: all Have records have been sent. */
  HaveEnd: 5,
  /** Replica, answering Have or ahead of it, behind Attached: input is wanted from offset `value` on. */
  Resume: 6,
  /** Gateway: a new client. value = listener. */
  Open: 7,
  /** Either: bytes of the stream, the first of them at offset `value`. */
  Data: 8,
  /** Either: the sender's direction ends at offset `value` (half-close). */
  End: 9,
  /** Replica: the guest closed the stream; its output ends at offset `value`. */
  Close: 10,
  /** Either: the connection broke; nothing more in either direction. */
  Reset: 11,
  /** Gateway: the client's socket has taken output up to offset `value`. */
  Delivered: 12,
  /** Replica: input up to offset `value` is in the acknowledged log; it will never be asked for again. */
  Accepted: 13,
  /** Gateway: the stream is finished here; the replica may forget it. */
  Gone: 14,
  /** Live replica to its backups: gateway number `value` stayed away too long; its streams are void. */
  GivenUp: 15,
  /** Live replica to its backups: how long a gateway may stay away, in ms. value = the longest of them. */
  MayBeAbsent: 16,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

const KIND_MAX = 16;
const HEAD_BYTES = 21;
const NO_BYTES = new Uint8Array(0);

export interface AttachRequest {
  readonly service: string;
  /** Number that an earlier live replica gave this gateway; 0 to ask for one. */
  readonly gateway: number;
  /** Newest epoch the gateway has seen. */
  readonly epoch: number;
  readonly listeners: number;
  /** How long it keeps its clients while no replica is live, in ms: replicas keep their streams for longer. */
  readonly waitMs: number;
}

export interface AttachReply {
  /** Prefix of the stream ids that this gateway hands out. */
  readonly gateway: number;
}

export interface StreamRecord {
  readonly kind: RecordKind;
  readonly stream: StreamId;
  readonly value: number;
  /** A view into the frame. */
  readonly bytes: Uint8Array;
}

/** Gathers records into one payload. It starts small: a gateway that searches for the live replica makes many. */
export class RecordWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(kind: RecordKind, stream: StreamId, value: number, bytes?: Uint8Array): void {
    const size = bytes?.length ?? 0;
    this.#reserve(HEAD_BYTES + size);
    const at = this.#length;
    this.#bytes[at] = kind;
    this.#view.setFloat64(at + 1, stream, true);
    this.#view.setFloat64(at + 9, value, true);
    this.#view.setUint32(at + 17, size, true);
    if (bytes !== undefined) this.#bytes.set(bytes, at + HEAD_BYTES);
    this.#length = at + HEAD_BYTES + size;
  }

  /** Hands out everything gathered, in a buffer of its own, and starts anew. */
  take(): Uint8Array {
    const payload = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return payload;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Hands each record of a payload to `take`. @throws ChannelError FTW_FRAME for anything that is not a run of records. */
export function readRecords(payload: Uint8Array, take: (record: StreamRecord) => void): void {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  let at = 0;
  while (at < payload.length) {
    if (payload.length - at < HEAD_BYTES) throw damaged(at, `${payload.length - at} bytes cannot hold a record`);
    const kind = payload[at];
    if (kind < 1 || kind > KIND_MAX) throw damaged(at, `${kind} is not a kind of record`);
    const stream = view.getFloat64(at + 1, true);
    const value = view.getFloat64(at + 9, true);
    const length = view.getUint32(at + 17, true);
    if (!isCount(stream) || !isCount(value)) throw damaged(at, 'stream and offset must be whole numbers below 2^53');
    if (length > payload.length - at - HEAD_BYTES) throw damaged(at, `${length} bytes of data do not fit the frame`);
    const start = at + HEAD_BYTES;
    at = start + length;
    // Every view is an object, and half of all records carry no bytes.
    const bytes = length === 0 ? NO_BYTES : payload.subarray(start, at);
    take({ kind: kind as RecordKind, stream, value, bytes });
  }
}

/** Decodes the JSON of Attach and Attached. @throws ChannelError FTW_FRAME. */
export function readJson(record: StreamRecord): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(record.bytes));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Reported below, with the same words as any other shape that is wrong.
  }
  throw damaged(0, 'an attach record does not hold an object');
}

export function jsonBytes(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function damaged(at: number, what: string): ChannelError {
  return new ChannelError('FTW_FRAME', `gateway link: damaged record at byte ${at}: ${what}`, { offset: at });
}
