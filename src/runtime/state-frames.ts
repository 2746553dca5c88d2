/**
 * Frames with pieces of a guest's state, in buffers that are used again. A fresh one for each would be let go at once, and V8
 * collects all garbage whenever a few dozen MiB were allocated outside of its heap: many times in one transfer, for
 * milliseconds in which no client is answered.
 */
import { encodeMessage, encodeState, STATE_OVERHEAD_BYTES } from '../replica/codec.js';
import type { State } from '../replica/messages.js';
import { type Frame, FrameType } from '../transport/frame.js';

/** Pieces of pages and files fit; larger ones are few. */
const BUFFER_BYTES = 384 << 10;
/** More than are under way at once, see STATE_WINDOW_BYTES. */
const BUFFERS_MAX = 40;

export class StateFrames {
  #free: Uint8Array[] = [];
  /** A state is being sent, so buffers will be needed. */
  #isBusy = false;

  /** The frame has its own copy of the piece. */
  frame(message: State): Frame {
    const { epoch, last, piece } = message;
    this.#isBusy = !last;
    if (last) this.#free = [];
    if (piece.length + STATE_OVERHEAD_BYTES > BUFFER_BYTES) {
      return { type: FrameType.Peer, epoch, payload: encodeMessage(message) };
    }
    const buffer = this.#free.pop() ?? new Uint8Array(BUFFER_BYTES);
    const payload = encodeState(message, buffer);
    return { type: FrameType.Peer, epoch, payload, onSent: () => this.#putBack(buffer) };
  }

  /** Buffers that wait to be used. */
  get free(): number {
    return this.#free.length;
  }

  #putBack(buffer: Uint8Array): void {
    if (this.#isBusy && this.#free.length < BUFFERS_MAX) this.#free.push(buffer);
  }
}
