/**
 * A client's TCP connection to its gateway, both ends: bytes keep their order, take a moment, and a slow client's socket
 * takes its output late. It follows Node's sockets: when both directions have ended, or one broke, the gateway is told that
 * the connection is closed.
 */
import type { ClientSocket, ClientStream } from '../../src/gateway/client-stream.js';
import type { GatewayProcess } from './gateway-process.js';

/** What the client sees. */
export interface ConnectionEvents {
  data(bytes: Uint8Array): void;
  /** The service's side has ended. */
  end(): void;
  reset(): void;
}

export class Connection implements ClientSocket {
  readonly #gateway: GatewayProcess;
  readonly #events: ConnectionEvents;
  #stream: ClientStream | undefined;
  /** Arrival times, so that nothing overtakes. */
  #upMs = 0;
  #downMs = 0;
  #takenMs = 0;
  /** At the gateway's socket while it is paused. */
  #held: (() => void)[] | undefined;
  #inputEnded = false;
  #outputEnded = false;
  /** The gateway has closed its end: what the client still sends goes nowhere. */
  #closing = false;
  #closed = false;

  constructor(gateway: GatewayProcess, events: ConnectionEvents) {
    this.#gateway = gateway;
    this.#events = events;
    gateway.knock(this);
    this.#up(() => {
      this.#stream = gateway.connect(this);
    });
  }

  // The client's end.

  send(bytes: Uint8Array): void {
    this.#up(() => {
      if (!this.#closing) this.#gateway.gateway.input(this.#stream as ClientStream, bytes);
    });
  }

  endInput(): void {
    this.#up(() => {
      this.#inputEnded = true;
      if (!this.#closing) this.#gateway.gateway.inputEnd(this.#stream as ClientStream);
      this.#closeIfOver();
    });
  }

  abort(): void {
    this.#closed = true;
    this.#up(() => this.#disconnected());
  }

  /** The gateway's process has died. */
  broken(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#down(() => this.#events.reset());
  }

  // The gateway's end.

  write(bytes: Uint8Array): void {
    const { random, scheduler } = this.#gateway;
    this.#down(() => this.#closed || this.#events.data(bytes));
    const taken = () => this.#gateway.gateway.delivered(this.#stream as ClientStream, bytes.length);
    if (this.#takenMs <= scheduler.nowMs && random.chance(0.7)) {
      taken();
      return;
    }
    this.#takenMs = Math.max(this.#takenMs, scheduler.nowMs) + random.between(0, random.chance(0.1) ? 120 : 3);
    scheduler.at(this.#takenMs, () => this.#gateway.whenRunning(taken));
  }

  end(): void {
    this.#outputEnded = true;
    this.#down(() => this.#closed || this.#events.end());
    this.#closeIfOver();
  }

  close(): void {
    this.#closing = true;
    this.#down(() => {
      if (this.#closed) return;
      this.#closed = true;
      this.#events.end();
    });
  }

  reset(): void {
    this.#closing = true;
    this.#down(() => {
      if (this.#closed) return;
      this.#closed = true;
      this.#events.reset();
    });
  }

  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const action of held) this.#arriveUp(action);
  }

  #closeIfOver(): void {
    if (this.#inputEnded && this.#outputEnded) this.#gateway.scheduler.after(0, () => this.#disconnected());
  }

  #disconnected(): void {
    this.#gateway.whenRunning(() => this.#stream && this.#gateway.gateway.disconnected(this.#stream));
  }

  #up(action: () => void): void {
    const { random, scheduler } = this.#gateway;
    this.#upMs = Math.max(this.#upMs, scheduler.nowMs + random.between(0.02, 0.5));
    scheduler.at(this.#upMs, () => this.#gateway.whenRunning(() => this.#arriveUp(action)));
  }

  #arriveUp(action: () => void): void {
    if (this.#held === undefined) action();
    else this.#held.push(action);
  }

  #down(action: () => void): void {
    const { random, scheduler } = this.#gateway;
    this.#downMs = Math.max(this.#downMs, scheduler.nowMs + random.between(0.02, 0.5));
    scheduler.at(this.#downMs, action);
  }
}
