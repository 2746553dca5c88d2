/**
 * The shape of a host call as the session sees it: what it is called, which class it has, and how one that meets the
 * outside world is split into a half that asks (live only) and a half that applies the answer (always).
 */
import type { LoggedValue } from '../log/entry.js';

/**
 * pure: re-executed on every replica, never logged. input: the result is logged. output: bytes leave, held by the output
 * rule; what the guest learns about them is logged. descriptor: one of the three, chosen by a deterministic function of the
 * guest's state (usually the kind of a file descriptor).
 */
export type CallClass = 'pure' | 'input' | 'output' | 'descriptor';

/** What the session needs to know about one call. */
export interface CallInfo {
  /** Stable number, at least {@link FIRST_CALL_ID}; part of the log format. */
  readonly id: number;
  /** `module.name`, for messages. */
  readonly name: string;
  readonly class: CallClass;
  /** Parameter names, in order, for messages. */
  readonly params: readonly string[];
}

/** Ids below this one are not calls but events (see {@link EVENT}). */
export const FIRST_CALL_ID = 16;

/** Reserved ids of asynchronous events: entries that no call asked for, delivered at a host call or at a slice. */
export const EVENT = {
  /** The writer of this log went live here; result: null. */
  GO_LIVE: 1,
  /** A control command; result: its plain value. */
  CONTROL: 2,
} as const;

/** Feeds output bytes into the running digest. */
export interface ByteDigest {
  updateBytes(bytes: Uint8Array): void;
}

/**
 * A call that meets the outside world. The halves may share what the deterministic part of the handler has computed, but
 * `apply` must depend on nothing that only `observe` knows, other than its result.
 */
export interface Effect<Live, R extends LoggedValue = LoggedValue> {
  readonly class: 'input' | 'output';
  /**
   * Asks the outside world; runs live only, may block. It must leave the guest's memory and state alone. `reissued`: this is
   * the first call answered since a go-live, so that the replica before may have made it, too, and died before it was logged.
   */
  observe(live: Live, reissued: boolean): R;
  /** Whether a logged value can be this call's result: the guard against a damaged or foreign log. */
  accepts(result: LoggedValue): boolean;
  /** For outputs: the bytes that leave, given the result; they become part of the digest. */
  digest?(result: R, digest: ByteDigest): void;
  /**
   * Writes guest memory and advances the state; `event` is this entry's number. Returns the call's return value, or what the
   * call asks next: a call that must not act before others know what it is about to do logs an entry for each.
   */
  apply(result: R, event: number): Step<Live>;
}

/** What a handler returns: the call's return value if nothing outside was needed, or the effect still to be answered. */
export type Step<Live> = number | Effect<Live>;

export type CallArgs = readonly (number | bigint)[];
