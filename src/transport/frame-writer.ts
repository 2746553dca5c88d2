/**
 * Gathers the frames of one turn into as few buffers as possible: headers and small payloads are copied side by side
 * into a shared block, large payloads are handed on as they are. What {@link FrameWriter.take} returns suits one
 * vectored write.
 */

import type { Crc32 } from './frame.js';
import { FRAME_HEADER_BYTES, type Frame, writeHeader } from './frame.js';

/** Copying beats one more element of a vectored write up to about this size. */
const COPY_BYTES_MAX = 4096;
const BLOCK_BYTES = 64 * 1024;

export class FrameWriter {
  readonly #crc32: Crc32;
  #block: Uint8Array<ArrayBuffer> = new Uint8Array(BLOCK_BYTES);
  #view = new DataView(this.#block.buffer);
  /** Bytes of the block from #start to #end wait for take(); those before #start were taken and are never reused. */
  #start = 0;
  #end = 0;
  #chunks: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(crc32: Crc32) {
    this.#crc32 = crc32;
  }

  /** Bytes written since the last {@link take}. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Adds a frame. A payload above 4 KiB is not copied: it must not change until the bytes have been sent. */
  write(frame: Frame): void {
    const { payload } = frame;
    const copied = payload.length <= COPY_BYTES_MAX;
    this.#reserve(FRAME_HEADER_BYTES + (copied ? payload.length : 0));
    writeHeader(this.#block, this.#view, this.#end, frame, this.#crc32);
    this.#end += FRAME_HEADER_BYTES;
    if (copied) {
      this.#block.set(payload, this.#end);
      this.#end += payload.length;
    } else {
      this.#seal();
      this.#chunks.push(payload);
    }
    this.#pendingBytes += FRAME_HEADER_BYTES + payload.length;
  }

  /** Everything written since the last call, in order; the caller owns it. */
  take(): Uint8Array[] {
    this.#seal();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#pendingBytes = 0;
    return chunks;
  }

  #seal(): void {
    if (this.#end === this.#start) return;
    this.#chunks.push(this.#block.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#block.length) return;
    this.#seal();
    this.#block = new Uint8Array(BLOCK_BYTES);
    this.#view = new DataView(this.#block.buffer);
    this.#start = 0;
    this.#end = 0;
  }
}
