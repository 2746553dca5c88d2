/** A connection between the gateway and a replica, carried by hand: nothing arrives until {@link GatewayWire.carry}. */
import type { Gateway } from '../../gateway/gateway.js';
import { GatewayLink } from '../../gateway/replica-link.js';
import type { ReplicaPort } from '../../gateway/replica-port.js';

export class GatewayWire {
  readonly #gateway: Gateway;
  readonly #link: GatewayLink;
  readonly #toReplica: Uint8Array[] = [];
  readonly #toGateway: Uint8Array[] = [];
  readonly #flushes: (() => void)[] = [];
  readonly #port: ReplicaPort;

  constructor(gateway: Gateway, port: ReplicaPort) {
    this.#gateway = gateway;
    this.#port = port;
    const later = (flush: () => void): void => void this.#flushes.push(flush);
    this.#link = new GatewayLink(port, { send: (payload) => this.#toGateway.push(payload), later, close: () => {} });
    this.#toReplica.push(gateway.attachPayload());
    gateway.linkUp({ send: (payload) => this.#toReplica.push(payload), later });
  }

  /** Delivers everything that is under way, in both directions; false if that is nothing. */
  carry(): boolean {
    let carried = false;
    for (;;) {
      for (const flush of this.#flushes.splice(0)) flush();
      const [toReplica, toGateway] = [this.#toReplica.splice(0), this.#toGateway.splice(0)];
      if (toReplica.length + toGateway.length === 0) return carried;
      for (const payload of toReplica) this.#link.frame(payload);
      for (const payload of toGateway) this.#gateway.frame(payload, this.#port.epoch);
      carried = true;
    }
  }

  /** The replica is gone: what is under way is lost. */
  cut(): void {
    this.#gateway.linkDown();
  }
}
