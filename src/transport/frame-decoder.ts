/**
 * The reading half of a channel: arbitrary chunks in, whole frames out. Bytes that are not a frame end the stream with
 * a ChannelError, and the decoder stays ended: after damage nothing that follows can be trusted (design rule R11).
 */
import { ChannelError } from '../errors.js';
import { describeForeign } from './foreign.js';
import {
  type Crc32,
  FRAME_CHECKED_BYTES,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  FRAME_PAYLOAD_BYTES_MAX,
  FRAME_VERSION,
  type Frame,
  isFrameType,
  readEpoch,
} from './frame.js';

export interface FrameDecoderOptions {
  readonly crc32: Crc32;
  /** Largest payload that is accepted, in bytes. */
  readonly payloadBytesMax?: number;
}

export class FrameDecoder {
  readonly #crc32: Crc32;
  readonly #payloadBytesMax: number;
  /** An incomplete frame: #filled bytes of it have arrived. Sized to the header first, then to the whole frame. */
  #partial: Uint8Array = new Uint8Array(0);
  #filled = 0;
  /** Position of the next byte in the stream, for messages. */
  #offset = 0;
  #failed: ChannelError | undefined;

  constructor(options: FrameDecoderOptions) {
    this.#crc32 = options.crc32;
    this.#payloadBytesMax = options.payloadBytesMax ?? FRAME_PAYLOAD_BYTES_MAX;
  }

  /** Bytes of an incomplete frame that wait for the rest: 0 means that the stream may end here. */
  get pendingBytes(): number {
    return this.#filled;
  }

  /**
   * Takes the next bytes of the stream and calls `onFrame` for each frame they complete. Payloads are views of `chunk`
   * where they lie in it whole, so the decoder must be given chunks that nobody writes to again.
   * @throws ChannelError FTW_FRAME for damage, an oversized frame or a foreign protocol, then again on every call.
   */
  push(chunk: Uint8Array, onFrame: (frame: Frame) => void): void {
    if (this.#failed !== undefined) throw this.#failed;
    try {
      const used = this.#filled === 0 ? 0 : this.#completePartial(chunk, onFrame);
      if (used < chunk.length) this.#decodeWhole(chunk, used, onFrame);
    } catch (error) {
      if (error instanceof ChannelError) this.#failed = error;
      throw error;
    }
  }

  /** Decodes every whole frame of `chunk` from `at` on; keeps the rest for later. */
  #decodeWhole(chunk: Uint8Array, from: number, onFrame: (frame: Frame) => void): void {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = from;
    while (chunk.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + this.#checkHeader(chunk, view, at);
      if (end > chunk.length) break;
      onFrame(this.#frame(chunk, view, at, end));
      at = end;
    }
    if (at < chunk.length) this.#keep(chunk, view, at);
  }

  /** Starts a partial frame with the rest of `chunk`. */
  #keep(chunk: Uint8Array, view: DataView, at: number): void {
    const rest = chunk.subarray(at);
    this.#checkPrefix(rest);
    const bytes =
      rest.length < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + view.getUint32(at + 8, true);
    this.#partial = new Uint8Array(bytes);
    this.#partial.set(rest);
    this.#filled = rest.length;
  }

  /** Fills the partial frame from `chunk`; returns how many bytes of it were used. */
  #completePartial(chunk: Uint8Array, onFrame: (frame: Frame) => void): number {
    let used = this.#fill(chunk, 0);
    if (this.#filled < this.#partial.length) {
      if (this.#filled < FRAME_HEADER_BYTES) this.#checkPrefix(this.#partial.subarray(0, this.#filled));
      return used;
    }
    if (this.#filled === FRAME_HEADER_BYTES) {
      const header = this.#partial;
      const payloadBytes = this.#checkHeader(header, viewOf(header), 0);
      this.#partial = new Uint8Array(FRAME_HEADER_BYTES + payloadBytes);
      this.#partial.set(header);
      used += this.#fill(chunk, used);
      if (this.#filled < this.#partial.length) return used;
    }
    const whole = this.#partial;
    this.#filled = 0;
    onFrame(this.#frame(whole, viewOf(whole), 0, whole.length));
    return used;
  }

  #fill(chunk: Uint8Array, from: number): number {
    const bytes = Math.min(chunk.length - from, this.#partial.length - this.#filled);
    this.#partial.set(chunk.subarray(from, from + bytes), this.#filled);
    this.#filled += bytes;
    return bytes;
  }

  /** Checks the header at `at` and returns the payload's length in bytes. */
  #checkHeader(bytes: Uint8Array, view: DataView, at: number): number {
    this.#checkPrefix(bytes.subarray(at, at + 8));
    const expected = view.getUint32(at + 20, true);
    const actual = this.#crc32(bytes.subarray(at, at + FRAME_CHECKED_BYTES)) >>> 0;
    if (actual !== expected) throw this.#damaged(`header CRC is ${hex(actual)}, expected ${hex(expected)}`);
    const type = view.getUint8(at + 4);
    if (!isFrameType(type)) throw this.#damaged(`frame type ${type} is unknown`);
    const payloadBytes = view.getUint32(at + 8, true);
    if (payloadBytes > this.#payloadBytesMax) {
      throw this.#damaged(`payload of ${payloadBytes} bytes is above the limit of ${this.#payloadBytesMax}`);
    }
    if (readEpoch(view, at) > Number.MAX_SAFE_INTEGER) throw this.#damaged('epoch is above 2^53');
    return payloadBytes;
  }

  #frame(bytes: Uint8Array, view: DataView, at: number, end: number): Frame {
    const payload = bytes.subarray(at + FRAME_HEADER_BYTES, end);
    const expected = view.getUint32(at + 24, true);
    const actual = this.#crc32(payload, view.getUint32(at + 20, true)) >>> 0;
    if (actual !== expected) throw this.#damaged(`frame CRC is ${hex(actual)}, expected ${hex(expected)}`);
    const type = view.getUint8(at + 4);
    this.#offset += end - at;
    // #checkHeader has refused unknown types.
    return { type: type as Frame['type'], epoch: readEpoch(view, at), payload };
  }

  /** Refuses a foreign protocol as early as its first differing byte, so that it never waits for a whole header. */
  #checkPrefix(bytes: Uint8Array): void {
    for (let i = 0; i < Math.min(bytes.length, 3); i++) {
      if (bytes[i] === ((FRAME_MAGIC >>> (8 * i)) & 0xff)) continue;
      throw this.#offset === 0 ? this.#foreign(bytes) : this.#damaged('no frame starts here');
    }
    const version = bytes[3];
    if (version !== undefined && version !== FRAME_VERSION) {
      throw this.#damaged(`peer speaks frame version ${version}, this build speaks ${FRAME_VERSION}`);
    }
  }

  #foreign(bytes: Uint8Array): ChannelError {
    return new ChannelError('FTW_FRAME', `the peer does not speak the ft-wasm protocol: ${describeForeign(bytes)}`, {
      offset: 0,
    });
  }

  #damaged(reason: string): ChannelError {
    return new ChannelError('FTW_FRAME', `damaged frame at stream offset ${this.#offset}: ${reason}`, {
      offset: this.#offset,
    });
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hex(value: number): string {
  return '0x' + value.toString(16).padStart(8, '0');
}
