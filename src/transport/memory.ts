/**
 * A channel between two ends in one process. Unless it is given a way to run things later, nothing moves by itself: the owner of
 * the pair decides when frames are delivered, so a test or a simulation chooses every interleaving.
 */
import type { ChannelError } from '../errors.js';
import { invariant } from '../errors.js';
import type { Channel, ChannelHandlers, CloseReason } from './channel.js';
import type { Frame } from './frame.js';

export interface MemoryChannelOptions {
  /** `send` returns false above this many undelivered payload bytes. */
  readonly bufferedBytesHigh?: number;
  /** Runs `deliver` after the present call, never from inside of it: frames then move by themselves. */
  readonly later?: (deliver: () => void) => void;
}

/** Two connected channels and the hand that moves frames between them. */
export class MemoryChannelPair {
  readonly a: Channel;
  readonly b: Channel;
  readonly #ends: readonly [MemoryChannel, MemoryChannel];
  #scheduled = false;

  constructor(options: MemoryChannelOptions = {}) {
    const { later } = options;
    const moved = later === undefined ? () => {} : () => this.#deliverLater(later);
    const a = new MemoryChannel('memory:b', options, moved);
    const b = new MemoryChannel('memory:a', options, moved);
    a.peer = b;
    b.peer = a;
    this.a = a;
    this.b = b;
    this.#ends = [a, b];
  }

  /** Delivers what is queued in both directions, and what that causes, until nothing moves. Returns the frame count. */
  deliver(): number {
    let delivered = 0;
    for (let moved = true; moved; ) {
      moved = false;
      for (const end of this.#ends) {
        while (end.step()) {
          moved = true;
          delivered++;
        }
      }
    }
    for (const end of this.#ends) end.settle();
    return delivered;
  }

  #deliverLater(later: (deliver: () => void) => void): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    later(() => {
      this.#scheduled = false;
      this.deliver();
    });
  }

  /** Breaks the link: undelivered frames are lost and both ends close as `broken`. */
  break(error: ChannelError): void {
    for (const end of this.#ends) end.finish({ kind: 'broken', error });
  }
}

class MemoryChannel implements Channel {
  readonly remote: string;
  peer!: MemoryChannel;
  readonly #bufferedBytesHigh: number;
  readonly #outbox: Frame[] = [];
  #handlers: ChannelHandlers | undefined;
  #bufferedBytes = 0;
  #needsDrain = false;
  #paused = false;
  #closing = false;
  #closed = false;

  /** `changed` is called when there may be something to deliver. */
  constructor(
    remote: string,
    options: MemoryChannelOptions,
    private readonly changed: () => void,
  ) {
    this.remote = remote;
    this.#bufferedBytesHigh = options.bufferedBytesHigh ?? Number.POSITIVE_INFINITY;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get isOpen(): boolean {
    return !this.#closing && !this.#closed;
  }

  start(handlers: ChannelHandlers): void {
    invariant(this.#handlers === undefined, 'a channel is started once');
    this.#handlers = handlers;
    this.changed();
  }

  send(frame: Frame): boolean {
    if (!this.isOpen) return false;
    this.#outbox.push(frame);
    this.#bufferedBytes += frame.payload.length;
    this.#needsDrain = this.#bufferedBytes > this.#bufferedBytesHigh;
    this.changed();
    return !this.#needsDrain;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.changed();
  }

  close(): void {
    this.#closing = true;
    this.changed();
  }

  destroy(error?: ChannelError): void {
    this.#outbox.length = 0;
    this.finish(error === undefined ? { kind: 'local' } : { kind: 'broken', error });
    this.peer.finish({ kind: 'ended' });
  }

  /** Moves one frame to the peer; false if none can move. */
  step(): boolean {
    const receiver = this.peer.#handlers;
    if (receiver === undefined || this.peer.#paused || !this.peer.isOpen) return false;
    const frame = this.#outbox.shift();
    if (frame === undefined) return false;
    this.#bufferedBytes -= frame.payload.length;
    receiver.onFrame(frame);
    return true;
  }

  /** After deliveries: tells the owner about room, and finishes a close whose frames have all left. */
  settle(): void {
    if (this.#outbox.length > 0) return;
    if (this.#needsDrain) {
      this.#needsDrain = false;
      this.#handlers?.onDrain?.();
    }
    if (!this.#closing) return;
    this.finish({ kind: 'local' });
    this.peer.finish({ kind: 'ended' });
  }

  finish(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handlers?.onClose(reason);
  }
}
