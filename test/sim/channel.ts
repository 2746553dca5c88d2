/** One end of a simulated connection. It keeps order and loses nothing until it breaks; the network decides when what moves. */
import { ChannelError } from '../../src/errors.js';
import type { Channel, ChannelHandlers, CloseReason } from '../../src/transport/channel.js';
import { type Frame, FrameType } from '../../src/transport/frame.js';
import { SafetyError } from './checker.js';
import type { Host } from './host.js';

/**
 * Bytes that one replica may have under way to another, besides some large messages: the log and the backlog, which are
 * bounded (world.ts), the window of a state, heartbeats of the longest stall.
 */
const PEER_BYTES_MAX = 10_000;
/** A primary looks at the backlog once per tick: so many messages of the largest size may have come since. */
const LARGE_MESSAGES = 6;

type Item = Frame | 'end' | 'reset';

export class SimChannel implements Channel {
  readonly bufferedBytes = 0;
  peer!: SimChannel;
  /** On its way to the peer. */
  #outgoing: Item[] = [];
  /** Bytes of messages between replicas in it, and the most that one of them ever had. */
  #peerBytes = 0;
  #peerBytesLargest = 0;
  /** Something of `outgoing` has been scheduled. */
  moving = false;
  /** Nothing moves any more in this direction, and nobody is told. */
  dead = false;
  #handlers: ChannelHandlers | undefined;
  #arrived: Item[] = [];
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(
    readonly host: Host,
    readonly remote: string,
    readonly move: (channel: SimChannel) => void,
    private readonly onArrival: (frame: Frame) => void,
  ) {}

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  start(handlers: ChannelHandlers): void {
    this.#handlers = handlers;
    this.#soon(() => this.#drain());
  }

  send(frame: Frame): boolean {
    if (!this.isOpen || !this.host.running) return false;
    this.#put(frame);
    return true;
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    if (!this.isOpen) return;
    this.#put('end');
    this.#state = 'closing';
    this.#soon(() => this.#finish({ kind: 'local' }));
  }

  destroy(error?: ChannelError): void {
    if (this.#state === 'closed') return;
    this.takeOutgoing();
    this.#put('reset');
    this.#state = 'closing';
    this.#soon(() => this.#finish(error === undefined ? { kind: 'local' } : { kind: 'broken', error }));
  }

  /** The process is gone; its kernel sends what was written, then ends the connection. */
  endByKernel(): void {
    if (this.isOpen) this.#put('end');
    this.#state = 'closed';
  }

  /** What was on its way arrives together, as one read from a socket would. */
  arrive(items: readonly Item[]): void {
    this.host.whenRunning(() => {
      this.#arrived.push(...items);
      this.#drain();
    });
  }

  /** The connection broke on the way. */
  break(reason: string): void {
    const error = new ChannelError('FTW_CHANNEL', `${this.remote}: ${reason}`);
    this.host.whenRunning(() => this.#finish({ kind: 'broken', error }));
  }

  /** What is on its way, which is not any more then. */
  takeOutgoing(): Item[] {
    this.#peerBytes = 0;
    return this.#outgoing.splice(0);
  }

  #put(item: Item): void {
    this.#outgoing.push(item);
    if (typeof item === 'object' && item.type === FrameType.Peer) this.#count(item.payload.length);
    this.move(this);
  }

  #count(bytes: number): void {
    this.#peerBytes += bytes;
    this.#peerBytesLargest = Math.max(this.#peerBytesLargest, bytes);
    if (this.#peerBytes <= PEER_BYTES_MAX + LARGE_MESSAGES * this.#peerBytesLargest) return;
    throw new SafetyError(`${this.host.name} has ${this.#peerBytes} bytes under way to ${this.remote}`);
  }

  #soon(action: () => void): void {
    this.host.scheduler.after(0, () => this.host.whenRunning(action));
  }

  #drain(): void {
    if (this.#handlers === undefined) return;
    for (let item = this.#arrived.shift(); item !== undefined; item = this.#arrived.shift()) {
      if (!this.isOpen) return;
      if (item === 'end') this.#finish({ kind: 'ended' });
      else if (item === 'reset') this.break('connection reset');
      else this.#hand(item);
    }
  }

  #hand(frame: Frame): void {
    this.onArrival(frame);
    // Whoever listens may have ended this process.
    if (this.isOpen) this.#handlers?.onFrame(frame);
  }

  #finish(reason: CloseReason): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#handlers?.onClose(reason);
  }
}
