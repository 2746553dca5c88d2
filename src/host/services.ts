/**
 * What a guest's host calls need from the outside world, as interfaces. Implementations: `memory.ts` (fakes for tests and
 * simulations), `node/` (the real ones) and the runtime's rings. Everything here is used LIVE only, except
 * {@link OutputSink}, which is told of every output on every replica: a backup counts and retains, a live one sends.
 */
import type { HostFiles } from './files.js';

/** A client connection, named by whoever accepted it (a listener or a gateway); below 2^53, never reused in a service's life. */
export type StreamId = number;

/** Time sources, in nanoseconds as doubles would lose digits: realtime and monotonic are bigint. */
export interface HostClock {
  /** Nanoseconds since 1970-01-01T00:00Z. */
  realtimeNs(): bigint;
  /** Nanoseconds since an arbitrary start, never decreasing on this host. */
  monotonicNs(): bigint;
}

/** Fresh entropy of this host: seeds, and the bytes themselves under `--random os`. */
export interface HostEntropy {
  bytes(length: number): Uint8Array;
}

/** Client connections on the preopened listeners, seen from the guest's thread. Calls never block except {@link wait}. */
export interface HostNetwork {
  /** Number of preopened listeners; they become fds 3, 4, ... after stdio (Wasmtime's convention). */
  readonly listenerCount: number;
  /** Connections waiting to be accepted. */
  pendingAccepts(listener: number): number;
  /** Takes one waiting connection, or undefined. */
  accept(listener: number): StreamId | undefined;
  /** Bytes that can be received now. */
  readable(stream: StreamId): number;
  /** The peer has finished sending; what is still readable comes first. */
  ended(stream: StreamId): boolean;
  /** The connection broke (or did not survive a failover): ECONNRESET, nothing more can be read or written. */
  isReset(stream: StreamId): boolean;
  /** Removes and returns up to `max` bytes; the view is valid until the next call. With `peek` it removes nothing. */
  receive(stream: StreamId, max: number, peek?: boolean): Uint8Array;
  /** Bytes that can be written now without exceeding the stream's output window; 0 means "would block". */
  writable(stream: StreamId): number;
}

/** Standard input, live. */
export interface HostInput {
  /** Read from a file or nothing: always ready, and a read waits even where the guest asked it not to (POSIX, on O_NONBLOCK). */
  readonly isFile?: boolean;
  /** Returns up to `max` bytes, an empty array at end of input, or undefined if nothing is there yet. */
  read(max: number): Uint8Array | undefined;
}

/** Blocks the guest's thread until something may have changed on network or input, or `deadlineNs` (monotonic; undefined = no limit). */
export interface HostWaiter {
  wait(deadlineNs: bigint | undefined): void;
  /** Once this replica has gone live: for how long its guest had waited for the log to go on. 0 without. */
  readonly waitedForLogNs?: bigint;
}

/**
 * Receives every output, live and replayed, in guest order. `event` is the last event number logged when the output was
 * made: the output may leave once that entry is acknowledged (rule R1). `bytes` must be copied before returning.
 */
export interface OutputSink {
  stdio(fd: 1 | 2, bytes: Uint8Array, event: number): void;
  send(stream: StreamId, bytes: Uint8Array, event: number): void;
  shutdown(stream: StreamId, how: 'read' | 'write' | 'both', event: number): void;
  close(stream: StreamId, event: number): void;
}

/** Below 2^53; never used twice by one dialer. */
export type Ticket = number;

/** Errors are named as POSIX does: ECONNREFUSED, ENOTFOUND. */
export interface DialError {
  readonly error: string;
}

/**
 * Outgoing TCP connections. Nothing here blocks: a question gets a ticket, and the guest's thread waits ({@link HostWaiter})
 * until the ticket has an answer.
 */
export interface HostDialer {
  /** `octets`: four or sixteen. */
  connect(octets: readonly number[], port: number): Ticket;
  resolve(name: string): Ticket;
  /** Undefined while it is under way; the stream is then one as any other. */
  connected(ticket: Ticket): StreamId | DialError | undefined;
  /** The octets of each address, in the resolver's order. */
  resolved(ticket: Ticket): readonly (readonly number[])[] | DialError | undefined;
}

/** The output rule for what a guest's thread does to the outside world by itself (rule R1). */
export interface HostBarrier {
  /** Blocks the guest's thread until every entry up to `event` is acknowledged; at once where nobody has to. */
  waitReleased(event: number): void;
}

/** All of it together, as WASI handlers receive it. */
export interface HostServices {
  readonly clock: HostClock;
  readonly entropy: HostEntropy;
  readonly network: HostNetwork;
  readonly stdin: HostInput;
  readonly waiter: HostWaiter;
  readonly output: OutputSink;
  readonly barrier: HostBarrier;
  /** Only for guests with directories in shared mode. */
  readonly files?: HostFiles;
  /** Only for guests that may connect to others. */
  readonly dialer?: HostDialer;
}
