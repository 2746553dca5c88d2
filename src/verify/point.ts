/** Places of a run at which two engines can be compared: captures, and its end. */
import type { Outcome } from '../engine/engine.js';
import type { EngineState } from '../engine/state.js';
import type { SessionState } from '../record/session.js';
import type { WasiSnapshot } from '../wasi/snapshot.js';

/** Everything from which either engine runs on. */
export interface Checkpoint {
  readonly engine: EngineState;
  readonly session: SessionState;
  readonly wasi: WasiSnapshot;
  /** The module's start function runs; `_start` is still to be called. */
  readonly starting: boolean;
}

export type Point =
  /** The states are views of the guest's memory. */
  | { readonly kind: 'captured'; readonly counter: number; readonly checkpoint: Checkpoint }
  | { readonly kind: 'ended'; readonly counter: number; readonly outcome: Outcome; readonly state: EngineState }
  /** The guest did not do what the recording says. */
  | { readonly kind: 'diverged'; readonly counter: number; readonly message: string };

/** The same without views. */
export function copyOf(checkpoint: Checkpoint): Checkpoint {
  const { engine } = checkpoint;
  return { ...checkpoint, engine: { ...engine, memories: engine.memories.map((bytes) => bytes.slice()) } };
}
