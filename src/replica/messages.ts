/**
 * Messages between replicas. Every one carries the epoch under which it was sent; an older one is refused (R5).
 * codec.ts turns them into bytes; PROTOCOL_VERSION is raised with every change of shape or meaning.
 */
import type { Member } from '../arbiter/arbiter.js';
import type { Position } from '../log/entry.js';

export const PROTOCOL_VERSION = 3;

/** How the guest ended, as far as replicas care. */
export interface GuestOutcome {
  /** Exit code of the process once all output has left. */
  readonly exitCode: number;
  /** One line for people: `exited with code 3`, `trapped: unreachable`. */
  readonly description: string;
}

/** A run of log entries, packed by src/log; opaque here. Event numbers are inclusive and start at 1. */
export interface LogBatch {
  readonly firstEvent: number;
  readonly lastEvent: number;
  /** Guest's instruction counter at the last entry. */
  readonly counter: number;
  readonly batch: Uint8Array;
}

export type RefusalCode =
  /** Another PROTOCOL_VERSION. */
  | 'protocol-version'
  /** The manifests differ; `differs` names the facts. */
  | 'manifest-mismatch'
  /** Another service uses this address. */
  | 'service-mismatch'
  /** The guest has already run, and its state cannot be captured. */
  | 'not-capturable'
  /** A replica with this id has joined and is alive. */
  | 'duplicate-id'
  /** This replica is a backup, or has lost its epoch. */
  | 'not-primary'
  /** A backup of an earlier primary cannot go on here from where its log ends. */
  | 'not-resumable'
  /** The service is about to end. */
  | 'shutting-down';

/** Where a log ends: its last event, and in whose reign that was logged or taken over. See log-end.ts. */
export interface LogEnd {
  /** Epoch in which the primary of that time went live. */
  readonly reign: number;
  readonly event: number;
}

/** First message of the dialling side. */
export interface Hello extends Member {
  readonly type: 'hello';
  readonly protocolVersion: number;
  /** Newest epoch this replica knows of; 0 for none. */
  readonly epoch: number;
  readonly service: string;
  readonly manifest: Readonly<Record<string, string>>;
  readonly logAddress: string;
  /** A backup that has lost its primary: it has the log up to here, and its guest can go on. */
  readonly logEnd?: LogEnd;
}

/**
 * The primary takes the replica in. `firstEvent`: the log follows from there on; 1 for a newcomer from the beginning. 0: the
 * guest has already run; the newcomer stands by until it is sent the guest's state.
 */
export interface Welcome extends Member {
  readonly type: 'welcome';
  readonly epoch: number;
  readonly firstEvent: number;
  /** Epoch in which the primary went live. */
  readonly reign: number;
  /** Where earlier reigns ended in its log, the last one where it took over itself. */
  readonly history: readonly LogEnd[];
}

/**
 * For a backup that goes on after a failover: outputs up to `event`, where the primary took over, that some client may not
 * have yet. They take the place of what the backup has kept of them.
 */
export interface Outputs {
  readonly type: 'outputs';
  readonly epoch: number;
  readonly event: number;
  readonly outputs: Uint8Array;
}

/** A piece of the guest's state, primary to newcomer. */
export interface State {
  readonly type: 'state';
  readonly epoch: number;
  readonly piece: Uint8Array;
  readonly last: boolean;
}

/** The state is that of this position; the log follows from `event` + 1 on. Comes between the pieces or before them. */
export interface Captured {
  readonly type: 'captured';
  readonly epoch: number;
  readonly event: number;
  readonly counter: number;
  /** Outputs up to `event` that some client may not have yet; see src/runtime/outputs-section.ts. */
  readonly outputs: Uint8Array;
}

/**
 * Backup to backup, once its primary is lost: my log ends there, and I acknowledge nothing more of that primary's. See
 * survey.ts.
 */
export interface PositionReport extends Member {
  readonly type: 'position';
  readonly epoch: number;
  readonly logEnd: LogEnd;
  /** Who is lost. */
  readonly primary: Member;
}

/** Newcomer to primary: so many bytes of state have arrived in all. */
export interface StateAck {
  readonly type: 'state-ack';
  readonly epoch: number;
  readonly bytes: number;
}

export interface Refuse {
  readonly type: 'refuse';
  readonly epoch: number;
  readonly code: RefusalCode;
  readonly reason: string;
  /** Names of manifest facts that differ. */
  readonly differs?: readonly string[];
}

/** The arbiter's record has changed: who is a member from this epoch on. */
export interface Configured {
  readonly type: 'configured';
  readonly epoch: number;
  readonly members: readonly Member[];
  /** As in the record. */
  readonly acks?: number;
}

/** A batch of the log, primary to backup. */
export interface Append extends LogBatch {
  readonly type: 'append';
  readonly epoch: number;
}

/** Backup to primary: received up to here (R1), executed up to there (R8). Both cumulative. */
export interface Ack {
  readonly type: 'ack';
  readonly epoch: number;
  readonly receivedEvent: number;
  readonly executed: Position;
}

/** Primary to backup: outputs up to `event` have left; all backups have the log up to `everywhere`. */
export interface Released {
  readonly type: 'released';
  readonly epoch: number;
  readonly event: number;
  readonly everywhere: number;
}

/** Primary to backup: I have stopped at `lastEvent` and all its output has left; go live now. */
export interface Handover {
  readonly type: 'handover';
  /** Of the arbiter's record, which stays as it is: the successor need not read it before it claims the next one. */
  readonly epoch: number;
  readonly generation: number;
  readonly lastEvent: number;
}

/** New live replica to the old one, answering a hand-over: when its clients are served, or at once if other backups wait to hear of it. */
export interface Live {
  readonly type: 'live';
  readonly epoch: number;
}

/** Primary to its other backups: I have handed over, and my successor is live. */
export interface Succeeded {
  readonly type: 'succeeded';
  readonly epoch: number;
}

/** Backup to primary: I leave in good order, do not wait for me. */
export interface Leaving {
  readonly type: 'leaving';
  readonly epoch: number;
}

/** Primary to backup: the guest has ended and all its output has left. */
export interface Finished {
  readonly type: 'finished';
  readonly epoch: number;
  readonly outcome: GuestOutcome;
}

/** Backup to primary: my replay differs from the log (R10); I stop. */
export interface Diverged {
  readonly type: 'diverged';
  readonly epoch: number;
  readonly report: string;
}

/**
 * "I live", sent both as a datagram and on the channel. `echoMs` returns the newest `sentMs` heard from the addressee
 * (0 for none); the primary's right to release output rests on it (lease.ts).
 */
export interface Heartbeat extends Member {
  readonly type: 'heartbeat';
  readonly epoch: number;
  readonly role: 'primary' | 'backup';
  readonly executed: Position;
  /** Sender's monotonic time. */
  readonly sentMs: number;
  readonly echoMs: number;
}

export type Message =
  | Hello
  | Welcome
  | State
  | Captured
  | StateAck
  | PositionReport
  | Outputs
  | Succeeded
  | Refuse
  | Configured
  | Append
  | Ack
  | Released
  | Handover
  | Live
  | Leaving
  | Finished
  | Diverged
  | Heartbeat;
