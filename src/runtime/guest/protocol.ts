/** What passes between a guest thread and its owner besides the rings: how it is set up, and how it ended. */
import type { EngineLimits, Outcome } from '../../engine/engine.js';
import type { ErrorCode } from '../../errors.js';
import type { Position } from '../../log/entry.js';
import type { WasiConfig } from '../../wasi/config.js';

/** Everything a guest thread needs before it can prepare and run its module. Structured-cloneable. */
export interface GuestInit {
  readonly toGuest: SharedArrayBuffer;
  readonly fromGuest: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly module: Uint8Array;
  readonly engine: 'compiled' | 'interpreter';
  readonly limits: EngineLimits;
  readonly wasi: WasiConfig;
  /** live: answers from the outside world. replay: from the log, until told to go live. */
  readonly mode: 'live' | 'replay';
  /** Whether entries are logged (replication, recording). */
  readonly logging: boolean;
  /** Instructions between two looks at the control block. */
  readonly sliceFuel: number;
  /** Hard limit of instructions, if any. */
  readonly fuelMax?: number;
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
  | {
      readonly kind: 'outcome';
      readonly outcome: Outcome;
      readonly position: Position;
      readonly digest: string;
      readonly hostCalls: number;
    }
  | {
      readonly kind: 'diverged';
      readonly message: string;
      readonly details: Record<string, unknown>;
      readonly position: Position;
    }
  | { readonly kind: 'fault'; readonly code: ErrorCode; readonly message: string };
