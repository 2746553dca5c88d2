/** One simulated gateway process: the real gateway and its keeper; sockets and network are simulated. */
import type { ClientStream } from '../../src/gateway/client-stream.js';
import { Gateway } from '../../src/gateway/gateway.js';
import { GatewayKeeper } from '../../src/runtime/gateway-keeper.js';
import type { Connection } from './connection.js';
import { Host } from './host.js';
import type { Random } from './random.js';
import type { World } from './world.js';

const TICK_MS = 100;

export class GatewayProcess extends Host {
  readonly gateway = new Gateway({ service: 'toy', listeners: 1 });
  readonly random: Random;
  /** The service goes on without all that clients have seen, and this gateway has not heard of it. */
  isInDoubt = false;
  /** When it heard so last: connections of before are over. */
  givenUpMs = Number.NEGATIVE_INFINITY;
  readonly #world: World;
  readonly #streams: ClientStream[] = [];
  /** Also those that the process has not accepted yet. */
  readonly #connections: Connection[] = [];

  constructor(world: World, id: string, incarnation: string, replicas: readonly string[]) {
    super(id, incarnation, world.scheduler, world.random);
    this.#world = world;
    this.random = world.random;
    const keeper = new GatewayKeeper({
      gateway: this.gateway,
      replicas,
      dial: (address) => world.network.dial(this, address),
      timers: this.timers,
      onAttached: (address, epoch) => this.#attached(address, epoch),
      onDetached: (address, reason) => this.#detached(address, reason),
    });
    keeper.start();
    this.timers.every(TICK_MS, () => this.gateway.tick());
  }

  /** A client has begun to connect. */
  knock(connection: Connection): void {
    this.#connections.push(connection);
  }

  /** A client's connection has arrived. */
  connect(connection: Connection): ClientStream {
    const stream = this.gateway.connect(0, connection);
    this.#streams.push(stream);
    return stream;
  }

  kill(gently: boolean): void {
    if (!this.running) return;
    this.end = { how: 'killed', vanished: !gently };
    if (gently) this.#world.network.endAllOf(this);
    else this.#world.network.vanish(this);
    for (const connection of this.#connections) connection.broken();
  }

  #attached(address: string, epoch: number): void {
    this.#world.note(`${this.name} attached to ${address} in epoch ${epoch}`);
    if (this.isInDoubt) this.givenUpMs = this.scheduler.nowMs;
    this.isInDoubt = false;
  }

  #detached(address: string, reason: string): void {
    this.#world.note(`${this.name} detached from ${address}: ${reason}`);
    const { mutation } = this.#world.options;
    for (const stream of this.#streams) {
      if (mutation === 'input-not-kept') stream.accepted(stream.input.end);
      if (mutation === 'output-sent-again') stream.received = 0;
    }
  }
}
