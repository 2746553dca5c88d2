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
  /** `replay`: fed by `batch`; continues from the pieces given to `restore`, if there were any. */
  start(mode: 'live' | 'replay'): void;
  batch(bytes: Uint8Array): void;
  goLive(): void;
  /** The guest ends at its next look at the world; one that waits for it may wait on for `sleepMs`. Default 0. */
  stop(sleepMs?: number): void;
  throttle: number;
  paused: boolean;
  close(): Promise<void>;
  /** Before `start`: the next piece of a captured state, as {@link CaptureEvents.onState} gave it elsewhere. */
  restore(piece: Uint8Array): void;
  /**
   * Copies the running guest's state out, most of it while it runs on; {@link CaptureEvents} follow. One capture at a time.
   * `capture` is the caller's name for it.
   */
  capture(capture: number): void;
  /** Nothing more of the capture under way follows, `onState` included. */
  cancelCapture(capture: number): void;
  /**
   * So many bytes of that capture's `onState` have been passed on: as many more may come. At most {@link STATE_WINDOW_BYTES}
   * are under way. What still comes for a capture that is over concerns no other one.
   */
  stateCredit(capture: number, bytes: number): void;
}

/** Bytes of a captured state that the guest's thread gives before it needs credit. */
export const STATE_WINDOW_BYTES = 8 << 20;

/** What comes of {@link GuestControl.capture}, on the I/O thread. */
export interface CaptureEvents {
  /**
   * A piece of the state, valid during the call; pieces are opaque, ordered, and complete with the one that is `last`. They
   * are many and large: who keeps copies of them should use buffers again.
   */
  onState(capture: number, piece: Uint8Array, last: boolean): void;
  /**
   * The state is that of `event` and `counter`. In guest order: every batch and output up to `event` was reported before,
   * none behind it was. Pieces come before and after.
   */
  onCaptured(capture: number, event: number, counter: number, cost: CaptureCost): void;
  /** The guest cannot be captured, now (`retry`) or ever. Nothing more follows of this capture. */
  onCaptureFailed(capture: number, reason: string, retry: boolean): void;
}

/** What a capture has cost the guest. */
export interface CaptureCost {
  /** How long the guest stood still, from leaving its code until it was in its code again, in ms. */
  readonly pauseMs: number;
  /** How long it stood still before, in sum, to go on in code that notes which pages it writes; 0 if it did not. */
  readonly changeMs: number;
  /** Pages of 64 KiB that were copied meanwhile, as they had changed since they were copied before. */
  readonly changedPages: number;
  /** Pages of its memory. */
  readonly pages: number;
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
