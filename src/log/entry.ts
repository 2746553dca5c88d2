/**
 * Log entries: what one logged host call observed. Position (counter, event number) is the only clock that replicas
 * share; event numbers start at 1 and are dense.
 */

/** A place in the guest's execution. `event` is the number of entries logged so far. */
export interface Position {
  /** Executed instructions (design.md section 3); exact below 2^53. */
  readonly counter: number;
  readonly event: number;
}

export const POSITION_ZERO: Position = { counter: 0, event: 0 };

/** A value a call observed, as msgpackr can carry it. */
export type LoggedValue = number | bigint | string | boolean | null | Uint8Array | readonly LoggedValue[];

/** One logged call. */
export interface Entry {
  /** Stable id of the call in the call table (src/wasi/table.ts). */
  readonly call: number;
  /** Exact counter at the call. */
  readonly counter: number;
  /** Low 32 bits of the running digest over all host calls and their arguments, this one included. */
  readonly digest: number;
  /** What the guest observed, in the shape that the call's row of the table defines. */
  readonly result: LoggedValue;
}
