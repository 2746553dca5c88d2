/** What the driver needs from the platform, as interfaces: `node/` provides the real ones, tests provide fakes. */
import type { Position } from '../log/entry.js';
import type { EventLevel, EventName } from '../replica/events.js';
import type { Channel } from '../transport/channel.js';

/** The logging channel's two ways in and out of this process, plus heartbeats. */
export interface PeerNetwork {
  /** Rejects with ChannelError if nobody answers. */
  dial(address: string): Promise<Channel>;
  /** True if a connection to `address` is REFUSED: no process listens there any more. */
  isGone(address: string): Promise<boolean>;
  /** Sends one datagram; losses are silent. */
  heartbeat(address: string, epoch: number, payload: Uint8Array): void;
  close(): void;
}

/** The part of a guest thread that the driver commands. */
export interface GuestControl {
  readonly executed: Position;
  start(): void;
  batch(bytes: Uint8Array): void;
  goLive(): void;
  stop(): void;
  throttle: number;
  paused: boolean;
  close(): Promise<void>;
}

/** Standard output and error of the guest. `done` runs when the bytes have been handed to the operating system. */
export interface StdioPort {
  write(fd: 1 | 2, bytes: Uint8Array, done?: () => void): void;
}

/** Time and timers, injected so that the driver itself stays pure. */
export interface Timers {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls `run` every `ms` until the returned function is called. */
  every(ms: number, run: () => void): () => void;
  /** Calls `run` once after `ms`; the returned function cancels. */
  after(ms: number, run: () => void): () => void;
  /**
   * Calls `run` once everything that has arrived by now was handled, so that one frame carries what many connections
   * brought up. Left out: at the end of the turn.
   */
  soon?(run: () => void): void;
}

/** Receives everything a replica reports about itself. */
export type EventListener = (name: EventName, level: EventLevel, fields: Readonly<Record<string, unknown>>) => void;
