/**
 * A channel over one TCP socket. Frames sent in one turn of the event loop leave in one vectored write.
 */
import type { Socket } from 'node:net';
import { ChannelError, invariant } from '../../errors.js';
import type { Channel, ChannelHandlers, CloseReason } from '../channel.js';
import type { Frame } from '../frame.js';
import { FrameDecoder } from '../frame-decoder.js';
import { FrameWriter } from '../frame-writer.js';
import { crc32 } from './crc32.js';

export interface TcpChannelOptions {
  /** Largest payload that is accepted from the peer, in bytes. Default 64 MiB. */
  readonly payloadBytesMax?: number;
  /** `send` returns false above this many buffered bytes. Default 4 MiB. */
  readonly bufferedBytesHigh?: number;
  /** Above this many buffered bytes the peer counts as failed and the channel breaks. Default 256 MiB. */
  readonly bufferedBytesMax?: number;
}

/** A closing channel gets this long to hand over what is queued before it is cut. */
const CLOSE_TIMEOUT_MS = 2_000;
const KEEP_ALIVE_DELAY_MS = 1_000;
const BUFFERED_BYTES_HIGH = 4 * 1024 * 1024;
const BUFFERED_BYTES_MAX = 256 * 1024 * 1024;

export class TcpChannel implements Channel {
  readonly remote: string;
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  readonly #writer = new FrameWriter(crc32);
  readonly #bufferedBytesHigh: number;
  readonly #bufferedBytesMax: number;
  #handlers: ChannelHandlers | undefined;
  #flushScheduled = false;
  #needsDrain = false;
  /** Of the frames that were written since the last flush. */
  #sentWith: (() => void)[] = [];
  /** Set by whoever ends the channel first; told to the owner when the socket has closed. */
  #reason: CloseReason | undefined;
  /** An end that came before `start`. */
  #closedEarly = false;
  #closeTimer: NodeJS.Timeout | undefined;
  readonly #deliver = (frame: Frame): void => {
    if (this.#reason === undefined) this.#handlers?.onFrame(frame);
  };

  /** Takes over a connected socket. `remote` is the peer's address for messages. */
  constructor(socket: Socket, remote: string, options: TcpChannelOptions = {}) {
    this.remote = remote;
    this.#socket = socket;
    this.#decoder = new FrameDecoder({ crc32, payloadBytesMax: options.payloadBytesMax });
    this.#bufferedBytesHigh = options.bufferedBytesHigh ?? BUFFERED_BYTES_HIGH;
    this.#bufferedBytesMax = options.bufferedBytesMax ?? BUFFERED_BYTES_MAX;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
    socket.pause();
    this.#listen();
  }

  get bufferedBytes(): number {
    return this.#writer.pendingBytes + this.#socket.writableLength;
  }

  get isOpen(): boolean {
    return this.#reason === undefined;
  }

  /** The peer's IP address, without the port; empty once the socket has closed. */
  get remoteHost(): string {
    return this.#socket.remoteAddress ?? '';
  }

  start(handlers: ChannelHandlers): void {
    invariant(this.#handlers === undefined, 'a channel is started once');
    this.#handlers = handlers;
    if (this.#closedEarly) queueMicrotask(() => this.#reportClose());
    else this.#socket.resume();
  }

  send(frame: Frame): boolean {
    if (this.#reason !== undefined) return false;
    this.#writer.write(frame);
    if (frame.onSent !== undefined) this.#sentWith.push(frame.onSent);
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      queueMicrotask(() => {
        this.#flushScheduled = false;
        this.#flush();
      });
    }
    const buffered = this.bufferedBytes;
    if (buffered > this.#bufferedBytesMax) {
      this.#break(`it does not read: ${buffered} bytes are waiting, the limit is ${this.#bufferedBytesMax}`);
      return false;
    }
    if (buffered > this.#bufferedBytesHigh) this.#needsDrain = true;
    return !this.#needsDrain;
  }

  flush(): void {
    this.#flush();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (this.#handlers !== undefined) this.#socket.resume();
  }

  close(): void {
    if (this.#reason !== undefined) return;
    this.#flush();
    this.#reason = { kind: 'local' };
    this.#socket.end();
    // A peer's FIN is only seen by a socket that reads.
    this.#socket.resume();
    this.#closeTimer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
    this.#closeTimer.unref();
  }

  destroy(error?: ChannelError): void {
    this.#finish(error === undefined ? { kind: 'local' } : { kind: 'broken', error });
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#onDrain());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    socket.on('close', () => this.#reportClose());
  }

  #onData(chunk: Buffer): void {
    if (this.#reason !== undefined) return;
    try {
      this.#decoder.push(chunk, this.#deliver);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      const named = new ChannelError('FTW_FRAME', `${this.remote}: ${error.message}`, error.details, { cause: error });
      this.#finish({ kind: 'damaged', error: named });
    }
  }

  #onEnd(): void {
    const torn = this.#decoder.pendingBytes;
    if (torn > 0) this.#break(`it ended in the middle of a frame, after ${torn} bytes of it`);
    else this.#finish({ kind: 'ended' });
  }

  #onError(error: NodeJS.ErrnoException): void {
    const what = error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'it was reset by the peer' : error.message;
    this.#break(what, error);
  }

  #onDrain(): void {
    if (!this.#needsDrain || this.#reason !== undefined) return;
    if (this.bufferedBytes > this.#bufferedBytesHigh / 2) return;
    this.#needsDrain = false;
    this.#handlers?.onDrain?.();
  }

  #flush(): void {
    if (this.#reason !== undefined || this.#writer.pendingBytes === 0) return;
    const chunks = this.#writer.take();
    const socket = this.#socket;
    const isCorked = chunks.length > 1;
    if (isCorked) socket.cork();
    const last = chunks.pop()!;
    for (const chunk of chunks) socket.write(chunk);
    socket.write(last, this.#takeSent());
    if (isCorked) socket.uncork();
    // Everything may have gone to the operating system at once, and then no 'drain' comes.
    if (this.#needsDrain && !socket.writableNeedDrain) queueMicrotask(() => this.#onDrain());
  }

  /** What to call when everything written so far has been sent. */
  #takeSent(): ((error?: Error | null) => void) | undefined {
    if (this.#sentWith.length === 0) return undefined;
    const sent = this.#sentWith;
    this.#sentWith = [];
    return (error) => {
      if (error == null) for (const each of sent) each();
    };
  }

  #break(what: string, cause?: Error): void {
    const message = `connection to ${this.remote} broke: ${what}`;
    this.#finish({
      kind: 'broken',
      error: new ChannelError('FTW_CHANNEL', message, { remote: this.remote }, { cause }),
    });
  }

  #finish(reason: CloseReason): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  #reportClose(): void {
    clearTimeout(this.#closeTimer);
    this.#reason ??= { kind: 'ended' };
    if (this.#handlers === undefined) this.#closedEarly = true;
    else this.#handlers.onClose(this.#reason);
  }
}
