/**
 * All client streams of one replica: those on its own listeners, whose connections die with it, and those that gateways
 * carry, which outlive it. Routes by stream id.
 */
import type { AdoptedStream, ReplicaPort } from '../gateway/replica-port.js';
import { gatewayOf } from '../gateway/stream-id.js';
import type { StreamId } from '../host/services.js';
import type { ClientPort } from './client-port.js';
import type { Output } from './held-outputs.js';

export type StreamOutput = Exclude<Output, { kind: 'stdio' }>;

export class Clients {
  readonly listeners: ClientPort;
  readonly gateways: ReplicaPort;

  constructor(listeners: ClientPort, gateways: ReplicaPort) {
    this.listeners = listeners;
    this.gateways = gateways;
  }

  /** Carries out one released output. */
  emit(output: StreamOutput): void {
    if (gatewayOf(output.stream) === undefined) this.listeners.emit(output);
    else this.#toGateway(output);
  }

  /** A backup's copy of an output that the primary has released: gateways may ask for it after a failover. */
  retain(output: StreamOutput): void {
    if (gatewayOf(output.stream) !== undefined) this.#toGateway(output);
  }

  /** The guest has taken `bytes` of input as of `event`. */
  consumed(stream: StreamId, bytes: number, event: number): void {
    if (gatewayOf(stream) === undefined) this.listeners.consumed(stream, bytes);
    else this.gateways.consumed(stream, bytes, event);
  }

  /** The guest runs live with these streams open; gateways that carry them have until `absentUntilMs` to come back. */
  guestLive(epoch: number, adopted: readonly AdoptedStream[], absentUntilMs: number): void {
    this.gateways.serve(epoch, adopted, absentUntilMs);
  }

  #toGateway(output: StreamOutput): void {
    if (output.kind === 'send') this.gateways.send(output.stream, output.bytes);
    else if (output.kind === 'close') this.gateways.end(output.stream, 'close');
    else if (output.how !== 'read') this.gateways.end(output.stream, 'end');
  }
}
