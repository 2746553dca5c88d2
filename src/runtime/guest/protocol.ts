/** What passes between a guest thread and its owner besides the rings: how it is set up, and how it ended. */
import type { CodePlace, EngineLimits, Outcome } from '../../engine/engine.js';
import type { ErrorCode } from '../../errors.js';
import type { DialError, StreamId } from '../../host/services.js';
import type { Position } from '../../log/entry.js';
import type { SnapshotHeader } from '../../snapshot/index.js';
import type { WasiConfig } from '../../wasi/config.js';

/** Host directories behind mounts in shared mode. */
export interface SharedRoots {
  /** One per mount; undefined for mounts of other modes. */
  readonly roots: readonly (string | undefined)[];
  /** Whether a change must have reached the storage before the guest hears of it. */
  readonly durable: boolean;
}

/** Everything a guest thread needs before it can prepare and run its module. Structured-cloneable. */
export interface GuestInit {
  readonly toGuest: SharedArrayBuffer;
  readonly fromGuest: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly module: Uint8Array;
  readonly engine: 'compiled' | 'interpreter';
  /** Where rewritten modules are kept for the next start; nowhere if absent. */
  readonly cacheDirectory?: string;
  readonly limits: EngineLimits;
  readonly wasi: WasiConfig;
  /** Whether entries are logged (replication, recording). */
  readonly logging: boolean;
  /** Somebody may ask for its state, or it is given one: what that takes is loaded. */
  readonly mayBeCaptured: boolean;
  /** Somebody waits for its outputs, so that captures must not keep it standing; others may as well be quick. */
  readonly isService?: boolean;
  /** Whether the guest may connect to others. */
  readonly mayConnect?: boolean;
  /** Standard input is a file or empty: it is never waited for. */
  readonly stdinIsFile?: boolean;
  /** Storage that the guest's thread uses directly. */
  readonly files?: SharedRoots;
  /** Instructions between two looks at the control block. */
  readonly sliceFuel: number;
  /** Hard limit of instructions, if any. */
  readonly fuelMax?: number;
  /**
   * Digest the guest's memory at the first pre-emption point at or after each multiple of so many instructions, and at the
   * end; 0: at the end only.
   */
  readonly digestEvery?: number;
  /**
   * Put off a capture until the first logged host call or pre-emption point at or after this counter, and until the end of
   * a recorded log at the latest.
   */
  readonly captureAt?: number;
  /** Tell the arguments of each call that the log answers. */
  readonly tellsArguments?: boolean;
}

/** live: answers from the outside world. replay: from the log, until told to go live. */
export type RunMode = 'live' | 'replay';

/** What the guest's thread is told by messages, after it has said that it is prepared. */
export type GuestCommand =
  /** The next piece of a captured state; all come before `start`. */
  | { readonly restore: Uint8Array }
  /** `header`: what snapshots of this guest are of. */
  | { readonly start: RunMode; readonly header: SnapshotHeader };

/** What the I/O thread is asked; JSON on the ring. */
export type Question =
  | { readonly kind: 'connect'; readonly octets: readonly number[]; readonly port: number }
  | { readonly kind: 'resolve'; readonly name: string };

export type Answer = { readonly stream: StreamId } | { readonly addresses: readonly (readonly number[])[] } | DialError;

/** What the guest's whole past and its memory come to at a position. */
export interface StateDigest {
  readonly counter: number;
  readonly event: number;
  /** Of all host calls so far and their arguments. */
  readonly digest: string;
  /** Of memory 0. */
  readonly memory: string;
}

/** Where in the module something happened, with the name of the function if it has one. */
export interface GuestPlace extends CodePlace {
  readonly functionName?: string;
}

/** What a run came to, however it ended. */
export interface RunTotals {
  readonly position: Position;
  readonly digest: string;
  readonly hostCalls: number;
  /** Bytes that the guest has written to stdio and streams. */
  readonly outputBytes: number;
  /** Digest of memory 0; only if digests were asked for. */
  readonly memoryDigest?: string;
}

/** The worker's answer once the module is compiled and its imports are known to link. */
export type PreparedReport =
  | { readonly ok: true; readonly hash: string }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Record<string, unknown>;
    };

/** How a run ended. */
export type GuestReport =
  | ({
      readonly kind: 'outcome';
      readonly outcome: Outcome;
      /** Where it trapped. */
      readonly place?: GuestPlace;
    } & RunTotals)
  | ({
      readonly kind: 'diverged';
      readonly message: string;
      readonly details: Record<string, unknown>;
      /** From where the call came. */
      readonly place?: GuestPlace;
    } & RunTotals)
  | { readonly kind: 'fault'; readonly code: ErrorCode; readonly message: string };
