/** One end of a simulated connection. It keeps order and loses nothing until it breaks; the network decides when what moves. */
import { ChannelError } from '../../src/errors.js';
import type { Channel, ChannelHandlers, CloseReason } from '../../src/transport/channel.js';
import type { Frame } from '../../src/transport/frame.js';
import type { Host } from './host.js';

type Item = Frame | 'end' | 'reset';

export class SimChannel implements Channel {
  readonly bufferedBytes = 0;
  peer!: SimChannel;
  /** On its way to the peer. */
  readonly outgoing: Item[] = [];
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
    this.outgoing.length = 0;
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

  #put(item: Item): void {
    this.outgoing.push(item);
    this.move(this);
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
