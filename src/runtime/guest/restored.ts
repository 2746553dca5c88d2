/** A captured state on its way into a new guest: read as it comes, checked against what this replica is. */
import type { PreparedModule } from '../../engine/engine.js';
import type { EngineState } from '../../engine/state.js';
import { FtWasmError } from '../../errors.js';
import type { SessionState } from '../../record/session.js';
import {
  type Compression,
  differences,
  type Snapshot,
  type SnapshotHeader,
  SnapshotReader,
} from '../../snapshot/index.js';
import { importState, type WasiSnapshot } from '../../wasi/snapshot.js';
import type { WasiState } from '../../wasi/state.js';

/** What the guest's thread keeps of a run besides engine, session and WASI. */
export interface RunSection {
  /** Which run of the guest's is under way: that of its start function, or of `_start`. */
  readonly stage: 'start' | 'main';
  /** See RunTotals. */
  readonly outputBytes: number;
}

export interface RestoredState {
  readonly engine: EngineState;
  readonly wasi: WasiState;
  readonly session: SessionState;
  readonly run: RunSection;
}

/** The snapshot of a guest, whose sections are known by name. */
export function restoredState(snapshot: Snapshot): RestoredState {
  const { blobs, engine, sections } = snapshot;
  const { wasi, session, run } = sections as {
    readonly wasi: WasiSnapshot;
    readonly session: SessionState;
    readonly run: RunSection;
  };
  for (const name of ['wasi', 'session', 'run'] as const) {
    if (typeof sections[name] !== 'object' || sections[name] === null) throw unfit(`it lacks the section ${name}`);
  }
  try {
    return { engine, wasi: importState(wasi, blobs), session, run };
  } catch (error) {
    throw unfit((error as Error).message);
  }
}

/** Collects the pieces of a state. */
export class Restoring {
  readonly #reader: SnapshotReader;
  #failure: unknown;
  #isEmpty = true;

  constructor(compression?: Compression) {
    this.#reader = new SnapshotReader({ compression });
  }

  /** Whether no piece has come. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Takes the next piece; what is wrong with it is told by {@link finish}. */
  push(piece: Uint8Array): void {
    this.#isEmpty = false;
    if (this.#failure !== undefined) return;
    try {
      this.#reader.push(piece);
    } catch (error) {
      this.#failure = error;
    }
  }

  /** @throws FTW_SNAPSHOT when it is damaged, incomplete, or of something else than `here` */
  finish(here: SnapshotHeader, prepared: PreparedModule): RestoredState {
    if (this.#failure !== undefined) throw this.#failure;
    const snapshot = this.#reader.finish();
    const different = differences(snapshot, here);
    if (different.length > 0) throw unfit(different.join('; '));
    if (prepared.restore === undefined) throw unfit('this engine cannot restore one');
    return restoredState(snapshot);
  }
}

function unfit(why: string): FtWasmError {
  return new FtWasmError('FTW_SNAPSHOT', `the snapshot cannot be restored here: ${why}`);
}
