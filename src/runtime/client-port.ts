/**
 * Where client streams come from and where their output goes: a replica's own listeners, which the runtime knows by
 * this interface only. What gateways carry goes through src/gateway/replica-port.ts.
 */
import type { StreamId } from '../host/services.js';
import type { Output } from './held-outputs.js';

/** What a port tells the guest. */
export interface StreamEvents {
  open(stream: StreamId, listener: number): void;
  data(stream: StreamId, bytes: Uint8Array): void;
  eof(stream: StreamId): void;
  reset(stream: StreamId): void;
  /** `bytes` of output have left for the client. */
  credit(stream: StreamId, bytes: number): void;
}

export interface ClientPort {
  /** Takes the addresses, so that a port in use is found before anything runs. Clients wait. Rejects with FTW_IO. */
  bind(): Promise<void>;
  /** Hands clients to a live guest, the waiting ones first; `epoch` makes stream ids unique across failovers. */
  serve(epoch: number): void;
  /** Carries out one released output. */
  emit(output: Exclude<Output, { kind: 'stdio' }>): void;
  /** The guest has taken `bytes` of input. */
  consumed(stream: StreamId, bytes: number): void;
  /** The addresses taken, with the ports that were chosen where 0 was asked for. */
  readonly addresses: readonly string[];
  /** Number of open client connections. */
  readonly connections: number;
  /** Resolves once everything emitted has been handed to the operating system, or the peers are gone. */
  drained(): Promise<void>;
  /** Stops accepting and closes every connection. */
  close(): void;
}
