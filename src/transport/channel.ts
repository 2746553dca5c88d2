/**
 * A channel: an ordered, reliable, two-way stream of frames to one peer. It has two forms, TCP (`node/`) and in memory;
 * whoever uses one cannot tell which.
 */
import type { ChannelError } from '../errors.js';
import type { Frame } from './frame.js';

/** Why a channel closed. Whatever the kind, no frame follows. */
export interface CloseReason {
  /**
   * `local`: this side closed it. `ended`: the peer closed it between two frames. `broken`: reset, timed out, torn in
   * the middle of a frame or over its buffer bound. `damaged`: bytes arrived that are not a frame (design rule R11).
   */
  readonly kind: 'local' | 'ended' | 'broken' | 'damaged';
  /** Set for `broken` and `damaged`; its message names the peer. */
  readonly error?: ChannelError;
}

/** What a channel tells its owner. Calls never overlap and never come from inside `send`. */
export interface ChannelHandlers {
  onFrame(frame: Frame): void;
  /** Called once, last. */
  onClose(reason: CloseReason): void;
  /** The channel took everything after a `send` that returned false. */
  onDrain?(): void;
}

export interface Channel {
  /** The peer's address, for messages and logs. */
  readonly remote: string;
  /** Bytes that were sent but have not been handed to the operating system. */
  readonly bufferedBytes: number;
  /** True until `onClose` has been called or {@link close} or {@link destroy} was. */
  readonly isOpen: boolean;
  /** Starts delivery; must be called once. Frames that arrived before wait for it. */
  start(handlers: ChannelHandlers): void;
  /**
   * Queues a frame; never blocks, and is a no-op on a closed channel. A payload above 4 KiB must not change until it
   * has been sent. Returns false when the buffer is above its mark: wait for `onDrain` before you send more.
   */
  send(frame: Frame): boolean;
  /** Hands what is queued to the operating system now, where that would otherwise wait for the end of this turn. */
  flush?(): void;
  /** Stops delivering frames; the peer is held back in turn. At most the frames of one read still arrive. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  close(): void;
  /** Closes now and forgets what is queued. `error` becomes the reason, as `broken`. */
  destroy(error?: ChannelError): void;
}
