/**
 * Reads a file of a durable directory as its bytes come. What a crash has left at its end is told apart from damage: each
 * group says up to where everything was on the disk when it was written. A frame that cannot be read, with a group behind
 * it that vouches for it, was damaged later; without one it was never finished, and nothing depends on it.
 */
import { PendingBytes } from '../bytes/pending-bytes.js';
import {
  decodePreamble,
  durableError,
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  FrameKind,
  frameAt,
  GROUP_BYTES,
  NONCE_BYTES,
  PREAMBLE_BYTES,
} from './format.js';
import type { Crc32 } from './storage.js';

export interface Frame {
  readonly kind: FrameKind;
  readonly payload: Uint8Array;
  /** In the file. */
  readonly offset: number;
}

/** What lies behind the last whole frame. */
export interface TornTail {
  /** Where the good part ends. */
  readonly offset: number;
  readonly bytes: number;
}

export class FrameReader {
  readonly #name: string;
  readonly #crc32: Crc32;
  readonly #unread = new PendingBytes();
  /** File offset of the first pending byte. */
  #offset = 0;
  #nonce: Uint8Array | undefined;
  /** CRC of the preamble until the header has been read. */
  #seed = 0;
  /** Where the first frame that cannot be read begins. */
  #damagedAt: number | undefined;
  #ended = false;

  constructor(name: string, crc32: Crc32) {
    this.#name = name;
    this.#crc32 = crc32;
  }

  /** The frames that are now complete. @throws FTW_DURABLE for damage */
  push(chunk: Uint8Array): Frame[] {
    this.#unread.append(chunk);
    if (this.#damagedAt !== undefined) {
      this.#lookBehindDamage(this.#damagedAt);
      return [];
    }
    if (this.#nonce === undefined && !this.#readPreamble()) return [];
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  /** The file has ended. @throws FTW_DURABLE for damage, or when not even the preamble came */
  finish(): TornTail | undefined {
    if (this.#nonce === undefined) throw durableError(`${this.#name} is damaged: it ends inside its first bytes`);
    const offset = this.#damagedAt ?? this.#offset;
    const end = this.#offset + this.#unread.bytes.length;
    if (offset === end) return undefined;
    if (this.#ended) throw this.#damage(offset, 'something follows its end');
    this.#lookBehindDamage(offset);
    return { offset, bytes: end - offset };
  }

  #readPreamble(): boolean {
    if (this.#unread.bytes.length < PREAMBLE_BYTES) return false;
    this.#nonce = decodePreamble(this.#unread.bytes, this.#name);
    this.#seed = this.#crc32(this.#unread.bytes.subarray(0, PREAMBLE_BYTES));
    this.#consume(PREAMBLE_BYTES);
    return true;
  }

  #next(): Frame | undefined {
    const pending = this.#unread.bytes;
    if (pending.length < FRAME_HEADER_BYTES || this.#ended) return undefined;
    const length = new DataView(pending.buffer, pending.byteOffset).getUint32(0, true);
    const end = FRAME_HEADER_BYTES + length;
    if (length <= FRAME_BYTES_MAX && pending.length < end) return undefined;
    if (length > FRAME_BYTES_MAX || frameAt(pending, 0, this.#crc32, this.#seed) === undefined) {
      this.#damagedAt = this.#offset;
      this.#lookBehindDamage(this.#offset);
      return undefined;
    }
    const frame = {
      kind: pending[8] as FrameKind,
      payload: pending.slice(FRAME_HEADER_BYTES, end),
      offset: this.#offset,
    };
    this.#seed = 0;
    this.#ended = frame.kind === FrameKind.End;
    this.#consume(end);
    return frame;
  }

  /** Forgets what it has looked at, but for what may be the beginning of a group. @throws FTW_DURABLE */
  #lookBehindDamage(damagedAt: number): void {
    const pending = this.#unread.bytes;
    for (let at = 0; at + GROUP_BYTES <= pending.length; at++) {
      const synced = this.#syncedBy(at);
      if (synced !== undefined && synced > damagedAt) {
        throw this.#damage(damagedAt, 'a frame cannot be read, and later ones say that it was whole');
      }
    }
    if (this.#damagedAt === undefined) return;
    this.#consume(Math.max(0, pending.length - GROUP_BYTES + 1));
  }

  /** Up to where the group at `at` says that the file was on the disk; undefined if there is none. */
  #syncedBy(at: number): number | undefined {
    const pending = this.#unread.bytes;
    if (pending[at + 8] !== FrameKind.Group) return undefined;
    const nonce = this.#nonce!;
    for (let i = 0; i < NONCE_BYTES; i++) if (pending[at + FRAME_HEADER_BYTES + i] !== nonce[i]) return undefined;
    if (frameAt(pending, at, this.#crc32) !== GROUP_BYTES) return undefined;
    const view = new DataView(pending.buffer, pending.byteOffset + at + FRAME_HEADER_BYTES + NONCE_BYTES);
    return view.getFloat64(0, true) === this.#offset + at ? view.getFloat64(8, true) : undefined;
  }

  #consume(bytes: number): void {
    this.#unread.drop(bytes);
    this.#offset += bytes;
  }

  #damage(offset: number, why: string): Error {
    return durableError(`${this.#name} is damaged at byte ${offset}: ${why}`, { file: this.#name, offset });
  }
}
