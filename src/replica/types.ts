/**
 * The surface of the replication protocol: what goes into {@link Replica.step} and what comes out. Everything is a
 * plain object, so a step can be printed, stored and replayed. The protocol has no clock, socket or randomness; the
 * runtime's driver carries the effects out and reports back with inputs.
 */
import type { ArbiterRecord, ArbiterState, Member } from '../arbiter/arbiter.js';
import type { Position } from '../log/entry.js';
import type { EventLevel, EventName } from './events.js';
import type { GuestOutcome, Heartbeat, LogBatch, Message } from './messages.js';

export type { GuestOutcome, LogBatch } from './messages.js';

/** A connection of the logging channel. The driver numbers connections; a number is never used twice. */
export type PeerId = number;

/** A service as it was found on disk. */
export interface RecoveredService {
  /** Last event of its log. */
  readonly event: number;
  /** The newest epoch that one of its writers had won; 0 if none is known to have been live. */
  readonly epoch: number;
  /** Everybody who has written that log, one after the other. */
  readonly writers: readonly Member[];
}

export interface ReplicaConfig extends Member {
  /** How it starts; what it is then, the arbiter's record decides. A standby waits for as long as it is not needed. */
  readonly role: 'primary' | 'backup' | 'standby';
  /** Name of the service, the same on all replicas (the guest's file name by default). */
  readonly service: string;
  /** Facts that must be equal on all replicas (module hash, arguments, limits ...): name to printable value. */
  readonly manifest: Readonly<Record<string, string>>;
  /** Where peers reach this replica's logging channel and its UDP heartbeats, `host:port`. */
  readonly logAddress: string;
  /** Log address of a primary to follow, besides the one that the arbiter's record names. */
  readonly primaryAddress?: string;
  /** So many backups are wanted: when there are fewer, a replica that stands by is recruited. */
  readonly backups: number;
  /** Primary only: goes on with a service that was found on disk, instead of starting one. */
  readonly recovered?: RecoveredService;
  /** Output waits for so many acknowledgements; absent: for those of all backups. */
  readonly acks?: number;
  /** Primary only: the guest waits until so many backups have joined; 0 starts it at once. */
  readonly minBackups: number;
  readonly heartbeatMs: number;
  /** Silence of a peer after which it counts as dead; at least three heartbeats. */
  readonly failureTimeoutMs: number;
  /** A backup gives up when it has found no primary after this time; a standby never does. */
  readonly joinTimeoutMs: number;
  /** Upper bound for an orderly end (hand-over, last outputs, final record) before the replica stops regardless. */
  readonly shutdownTimeoutMs: number;
  /** Log bytes that may wait for release before the primary's guest is paused (R7). */
  readonly logBytesMax: number;
  /** Log bytes a backup may be behind in execution before the primary's guest is paused (R7). */
  readonly backlogBytesMax: number;
  /** Lag of a backup's execution past which the primary is slowed (R8). */
  readonly lagTargetMs: number;
}

export const REPLICA_DEFAULTS = {
  backups: 1,
  minBackups: 0,
  heartbeatMs: 20,
  failureTimeoutMs: 200,
  joinTimeoutMs: 30_000,
  shutdownTimeoutMs: 5_000,
  logBytesMax: 32 * 1024 * 1024,
  backlogBytesMax: 128 * 1024 * 1024,
  lagTargetMs: 100,
} as const;

/** Answer to an arbiter request. `unreachable`: away, timed out or outcome unknown. `unusable`: ArbiterError of another kind. */
export type ArbiterResult =
  | { readonly kind: 'read'; readonly current: ArbiterState | undefined }
  | { readonly kind: 'won'; readonly generation: number }
  | { readonly kind: 'lost'; readonly current: ArbiterState | undefined }
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'unusable'; readonly message: string };

/** What the driver tells the protocol. Every input comes with the driver's monotonic time. */
export type Input =
  /** First input of all. */
  | { readonly type: 'start' }
  /** Time passes; at least once per `heartbeatMs`, and never less often because the guest is busy. */
  | { readonly type: 'tick' }
  /** A connection is up. `dialled`: this side asked for it with a `connect` effect, to that address. */
  | { readonly type: 'peer-connected'; readonly peer: PeerId; readonly dialled: false }
  | { readonly type: 'peer-connected'; readonly peer: PeerId; readonly dialled: true; readonly address: string }
  /** A `connect` effect failed. */
  | { readonly type: 'connect-failed'; readonly address: string; readonly reason: string }
  /** Answer to a `probe` effect. `gone` only if the connection was REFUSED: no process listens there any more. */
  | { readonly type: 'probe-result'; readonly address: string; readonly gone: boolean }
  /** A connection ended, for whatever reason: closed by the peer, reset, or a damaged frame (R11: never deliver it). */
  | { readonly type: 'peer-closed'; readonly peer: PeerId; readonly reason: string }
  /** A message arrived on a connection. */
  | { readonly type: 'message'; readonly peer: PeerId; readonly message: Message }
  /** A heartbeat arrived as a datagram. */
  | { readonly type: 'heartbeat'; readonly message: Heartbeat }
  /** The live guest logged a batch. */
  | ({ readonly type: 'log' } & LogBatch)
  /** The replaying guest got this far. */
  | { readonly type: 'executed'; readonly position: Position }
  /** Answers to `capture`, see CaptureEvents in src/runtime/ports.ts. `outputs`: what clients may not have yet. */
  | { readonly type: 'state'; readonly capture: number; readonly piece: Uint8Array; readonly last: boolean }
  | {
      readonly type: 'captured';
      readonly capture: number;
      readonly event: number;
      readonly counter: number;
      readonly outputs: Uint8Array;
      /** What it has cost the guest, for the operator's log. */
      readonly cost?: Readonly<Record<string, number>>;
    }
  | { readonly type: 'capture-failed'; readonly capture: number; readonly reason: string; readonly retry: boolean }
  /** The guest has consumed the log to its end and runs live (answers `go-live`). */
  | { readonly type: 'guest-live' }
  /** The guest ended; all its batches have been reported before. Also reported by a replaying guest. */
  | { readonly type: 'guest-exit'; readonly outcome: GuestOutcome }
  /** The replay did not do what the log says (R10). */
  | { readonly type: 'guest-diverged'; readonly report: string }
  /** Outputs wait for a disk that has failed: another replica must take over. */
  | { readonly type: 'durable-failed'; readonly reason: string }
  /** The host cannot deliver what the guest was promised; this replica must not go on. */
  | { readonly type: 'host-fault'; readonly reason: string }
  /**
   * Every output up to this event has been handed to the operating system. Reported for each released event sooner or
   * later, also when there was no output.
   */
  | { readonly type: 'outputs-left'; readonly event: number }
  /** Answer to `arbiter-read` or `arbiter-cas`. Each request gets exactly one, after a timeout of the driver's at the latest. */
  | { readonly type: 'arbiter-result'; readonly requestId: number; readonly result: ArbiterResult }
  /** SIGTERM or `close()`: leave in good order. */
  | { readonly type: 'shutdown' };

/** What the driver must do, in this order. */
export type Effect =
  /** Dial a log address; answered by `peer-connected` or `connect-failed`. */
  | { readonly type: 'connect'; readonly address: string }
  | { readonly type: 'send'; readonly peer: PeerId; readonly message: Message }
  /** Flush what was sent, then close. `peer-closed` may follow and is then ignored. */
  | { readonly type: 'close'; readonly peer: PeerId; readonly reason: string }
  /** Send a heartbeat as a datagram. Loss is fine. */
  | { readonly type: 'heartbeat'; readonly address: string; readonly message: Heartbeat }
  /**
   * Find out at once whether a process still listens at a log address (connect, then drop it). A refused connection
   * proves that the process is dead and saves the failure timeout.
   */
  | { readonly type: 'probe'; readonly address: string }
  /** Copy the guest's state out while it runs. */
  | { readonly type: 'capture'; readonly capture: number }
  | { readonly type: 'cancel-capture'; readonly capture: number }
  /** So many bytes of state have arrived where they were sent: as many more may come. */
  | { readonly type: 'state-credit'; readonly bytes: number }
  /** A piece of the state from which the guest will start. */
  | { readonly type: 'restore'; readonly piece: Uint8Array }
  /** The outputs that belong to that state. */
  | {
      readonly type: 'restore-outputs';
      readonly event: number;
      readonly counter: number;
      readonly outputs: Uint8Array;
    }
  /**
   * The guest is live, all outputs up to `event` have passed, and none behind it: what clients may not have of them is kept
   * for backups that come back, and sent to those that are back (`send-outputs`) and wait for it.
   */
  | { readonly type: 'keep-outputs'; readonly event: number }
  /** What was kept, and all that gateways have told since; at once, or as soon as it is kept. */
  | { readonly type: 'send-outputs'; readonly peer: PeerId }
  /** Nobody needs what was kept any more. */
  | { readonly type: 'drop-outputs' }
  /**
   * What clients may lack of the outputs up to `event`, as the new primary knows it, takes the place of what is retained
   * here; what the guest itself still makes of them is dropped.
   */
  | { readonly type: 'replace-outputs'; readonly event: number; readonly outputs: Uint8Array }
  /**
   * Feed the guest with what was found on disk (`ReplicaConfig.recovered`), then let it run live; `guest-live` follows.
   * `complete`: no output has left that it does not know of.
   */
  | { readonly type: 'recover'; readonly complete: boolean }
  /** Start the guest. `live`: as primary. `replay`: fed by `append-to-guest`. At most once per replica. */
  | { readonly type: 'start-guest'; readonly mode: 'live' | 'replay' }
  | ({ readonly type: 'append-to-guest' } & LogBatch)
  /** Behind the last batch: run live from there on. */
  | { readonly type: 'go-live' }
  /** The guest must wait at its next host call until `resume-log` (R7). */
  | { readonly type: 'pause-log' }
  | { readonly type: 'resume-log' }
  /** Slow the live guest: 0 is full speed, 1 the slowest (R8). */
  | { readonly type: 'throttle'; readonly level: number }
  /** Stop the guest for good; batches and outputs it still makes are dropped. */
  | { readonly type: 'stop-guest' }
  /** Outputs up to this event may leave. Never decreases. Outputs that depend on no event may always leave. */
  | { readonly type: 'release'; readonly event: number }
  /** Outputs up to this event have left the primary; the backup's copies are dropped. */
  | { readonly type: 'trim'; readonly event: number }
  /** This record may have to be written soon; nothing answers. */
  | { readonly type: 'arbiter-prepare'; readonly record: ArbiterRecord }
  | { readonly type: 'arbiter-read'; readonly requestId: number }
  | {
      readonly type: 'arbiter-cas';
      readonly requestId: number;
      readonly expectedGeneration: number;
      readonly record: ArbiterRecord;
    }
  /** For the operator's log and for the library's event emitter; names are stable (events.ts). */
  | {
      readonly type: 'event';
      readonly name: EventName;
      readonly level: EventLevel;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  /**
   * Last effect of all: flush what was sent to peers and clients, close everything, exit. Outputs that were not
   * released are dropped. Later inputs are ignored.
   */
  | {
      readonly type: 'stop';
      readonly reason: string;
      readonly exitCode: number;
      /** The service goes on without this replica; the process may take part again with a fresh guest. */
      readonly mayRejoin: boolean;
    };
