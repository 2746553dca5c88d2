/**
 * One client's connection at the gateway: what the client sent and no replica has logged yet, what the guest sent and
 * the client has not taken yet, and where both directions stand. It outlives links and replicas. Pure.
 */
import type { StreamId } from '../host/services.js';
import { ByteWindow } from './window.js';

/** The client's socket as the gateway needs it. */
export interface ClientSocket {
  write(bytes: Uint8Array): void;
  /** Half-close, after everything written. */
  end(): void;
  /** Orderly close, after everything written. */
  close(): void;
  /** Abort: the client sees a reset. */
  reset(): void;
  pause(): void;
  resume(): void;
}

/** Input that the log has not accepted, per client, before its socket is no longer read. */
export const INPUT_WINDOW_BYTES = 256 * 1024;

export class ClientStream {
  readonly listener: number;
  readonly socket: ClientSocket;
  readonly input = new ByteWindow();
  /** 0 until a live replica has given this gateway a number. */
  id: StreamId = 0;
  /** Whether the current link carries this stream: input is sent as it comes. */
  linked = false;
  /** Input sent on the current link, up to this offset; the rest waits until the link takes more. */
  sent = 0;
  /** The end of the input was sent on the current link. */
  endSent = false;
  /** The client has sent its last byte. */
  inputEnded = false;
  /** Output received from replicas, in bytes: what comes below was delivered before and is suppressed. */
  received = 0;
  /** Output that the client's socket has taken, and how much of that the replica was told. */
  delivered = 0;
  deliveredTold = 0;
  /** The guest's side is over. */
  outputEnded = false;
  #paused = false;

  /** `sinceMs`: when the client connected, on the owner's clock. */
  constructor(
    listener: number,
    socket: ClientSocket,
    readonly sinceMs = 0,
  ) {
    this.listener = listener;
    this.socket = socket;
  }

  /** The link is gone: the next one begins anew, and what it was told last may have been lost with it. */
  unlink(): void {
    this.linked = false;
    this.deliveredTold = 0;
  }

  /** Bytes from the client, at the returned offset. */
  takeInput(bytes: Uint8Array): number {
    const offset = this.input.end;
    this.input.push(bytes);
    if (!this.#paused && this.input.length > INPUT_WINDOW_BYTES) {
      this.#paused = true;
      this.socket.pause();
    }
    return offset;
  }

  /** Input below `offset` is in the acknowledged log. */
  accepted(offset: number): void {
    this.input.dropTo(Math.min(offset, this.input.end));
    if (this.#paused && this.input.length <= INPUT_WINDOW_BYTES / 2) {
      this.#paused = false;
      this.socket.resume();
    }
  }

  /** Output at `offset`; what the client already got is suppressed. Returns false for a gap: bytes were lost on the way. */
  takeOutput(offset: number, bytes: Uint8Array): boolean {
    const known = this.received - offset;
    if (known < 0) return false;
    if (known >= bytes.length) return true;
    this.socket.write(known === 0 ? bytes : bytes.subarray(known));
    this.received = offset + bytes.length;
    return true;
  }
}
