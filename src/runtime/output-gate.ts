/**
 * The one way out for a guest's outputs: held until released (R1), then to standard output or to the client's stream.
 * Tells its owner when what was released has left.
 */
import type { Clients } from './clients.js';
import { HeldOutputs, type Output } from './held-outputs.js';
import type { StdioPort } from './ports.js';

export interface OutputStats {
  /** Bytes that have left, over all streams and stdio. */
  bytes: number;
  outputs: number;
}

export class OutputGate {
  readonly stats: OutputStats = { bytes: 0, outputs: 0 };
  readonly #held = new HeldOutputs();
  readonly #clients: Clients;
  readonly #stdio: StdioPort;
  /** Given to standard output or error, and not handed to the operating system yet. */
  readonly #underWay = new Set<Output>();
  #leftEvent = 0;
  /** Outputs up to this event were taken over from another replica; the guest's own are dropped. */
  #replacedEvent = 0;
  #onLeft: ((event: number) => void) | undefined;
  #onReleased: ((event: number) => void) | undefined;
  readonly #retain = (output: Output): void => {
    if (output.kind !== 'stdio') this.#clients.retain(output);
  };
  readonly #emit = (output: Output): void => this.#send(output);

  constructor(clients: Clients, stdio: StdioPort) {
    this.#clients = clients;
    this.#stdio = stdio;
  }

  /** `listener` hears the highest event all of whose outputs have been handed to the operating system. */
  onLeft(listener: (event: number) => void): void {
    this.#onLeft = listener;
  }

  /** `listener` hears the highest event whose outputs may leave. */
  onReleased(listener: (event: number) => void): void {
    this.#onReleased = listener;
  }

  /** Bytes waiting for release. */
  get heldBytes(): number {
    return this.#held.bytes;
  }

  /** What has not left: under way to a slow reader, or waiting for release; in guest order. */
  get held(): Iterable<Output> {
    return [...this.#underWay, ...this.#held];
  }

  push(output: Output): void {
    if (output.event <= this.#replacedEvent) return;
    const fate = this.#held.push(output);
    if (fate === 'emit') this.#send(output);
    else if (fate === 'trimmed') this.#retain(output);
  }

  /** What is held for outputs up to `event` is forgotten; `restore` pushes what takes its place. */
  replace(event: number, restore: () => void): void {
    this.#held.clear();
    restore();
    this.#replacedEvent = event;
  }

  /** Outputs up to here are those of another replica: the guest of this one may be behind them. */
  get replacedEvent(): number {
    return this.#replacedEvent;
  }

  release(event: number): void {
    this.#held.release(event, this.#emit);
    this.#clients.gateways.released(event);
    this.#onReleased?.(event);
    this.#leftEvent = event;
    this.#reportLeft();
  }

  /** The primary has released everything up to `event`: only what gateways may ask for is kept. */
  trim(event: number): void {
    this.#held.trim(event, this.#retain);
  }

  #send(output: Output): void {
    this.stats.outputs++;
    if (output.kind !== 'stdio') {
      if (output.kind === 'send') this.stats.bytes += output.bytes.length;
      this.#clients.emit(output);
      return;
    }
    this.stats.bytes += output.bytes.length;
    this.#underWay.add(output);
    this.#stdio.write(output.fd, output.bytes, () => {
      this.#underWay.delete(output);
      this.#reportLeft();
    });
  }

  #reportLeft(): void {
    if (this.#underWay.size === 0 && this.#leftEvent > 0) this.#onLeft?.(this.#leftEvent);
  }
}
