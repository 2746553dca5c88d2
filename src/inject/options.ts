/** What the pass adds, and the version that goes into the handshake. */

/** Raised with every change of the rewritten bytes that replicas could notice. */
export const INJECT_VERSION = 12;

/** Features, each of which can be switched off for measurements. The counter is always there. */
export interface InjectOptions {
  /** Trap with 'stack-overflow' when the frames of recursive functions exceed the budget, at the next entry that is guarded. */
  readonly depth: boolean;
  /** Leave for the host at loop headers and guarded entries (`recursion.ts`) when a slice of fuel is used up. */
  readonly preemption: boolean;
  /** Make NaN bits equal everywhere (canonical NaNs of the deterministic profile). */
  readonly canonicalNans: boolean;
  /** Make every frame such that it can be saved and continued elsewhere. Not done in modules with a `captureObstacle`. */
  readonly capture?: boolean;
  /**
   * Charge and canonicalise after every instruction instead of as late as possible. Slow; the oracle of tests, which
   * must not be able to tell the two apart.
   */
  readonly eager?: boolean;
  /** Bytes of function bodies rewritten so far, and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export const DEFAULT_INJECT_OPTIONS: InjectOptions = {
  depth: true,
  preemption: true,
  canonicalNans: true,
  capture: true,
};
