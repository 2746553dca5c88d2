/**
 * The one way out for a guest's outputs: held until released (R1), then to standard output or to the client's stream.
 * Tells its owner when what was released has left.
 */
import type { ClientPort } from './client-port.js';
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
  readonly #clients: ClientPort;
  readonly #stdio: StdioPort;
  #stdioUnderWay = 0;
  #leftEvent = 0;
  #onLeft: ((event: number) => void) | undefined;
  readonly #emit = (output: Output): void => this.#send(output);

  constructor(clients: ClientPort, stdio: StdioPort) {
    this.#clients = clients;
    this.#stdio = stdio;
  }

  /** `listener` hears the highest event all of whose outputs have been handed to the operating system. */
  onLeft(listener: (event: number) => void): void {
    this.#onLeft = listener;
  }

  /** Bytes waiting for release. */
  get heldBytes(): number {
    return this.#held.bytes;
  }

  push(output: Output): void {
    if (this.#held.push(output)) this.#send(output);
  }

  release(event: number): void {
    this.#held.release(event, this.#emit);
    this.#leftEvent = event;
    this.#reportLeft();
  }

  /** Forgets retained copies of outputs that the primary has sent. */
  trim(event: number): void {
    this.#held.trim(event);
  }

  #send(output: Output): void {
    this.stats.outputs++;
    if (output.kind !== 'stdio') {
      if (output.kind === 'send') this.stats.bytes += output.bytes.length;
      this.#clients.emit(output);
      return;
    }
    this.stats.bytes += output.bytes.length;
    this.#stdioUnderWay++;
    this.#stdio.write(output.fd, output.bytes, () => {
      this.#stdioUnderWay--;
      this.#reportLeft();
    });
  }

  #reportLeft(): void {
    if (this.#stdioUnderWay === 0 && this.#leftEvent > 0) this.#onLeft?.(this.#leftEvent);
  }
}
