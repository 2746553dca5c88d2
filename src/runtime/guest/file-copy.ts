/**
 * The copy of what a guest's private files hold, while it goes on writing to them. One look at them is cheap, as their
 * blocks are shared with it: those of a look stay as they were, and a block that is the same at the next has not changed.
 * So the pause only looks once more, and what has changed is sent behind it.
 */
import type { SnapshotWriter } from '../../snapshot/index.js';
import type { FileContents } from '../../wasi/snapshot.js';

/** So few changed bytes need no further pass: the log behind the state takes as long. */
const CHANGED_BYTES_FEW = 1 << 20;
const PASSES_MAX = 4;
/** A pass that sends more than this share of the one before does not get closer. */
const SHRINKS_TO = 0.7;

export class FileCopy {
  /** What the receiver has. */
  #sent: FileContents | undefined;
  #seen: FileContents;
  #pass: Generator<Uint8Array, number>;
  #passes = 0;
  #bytesBefore = Number.POSITIVE_INFINITY;

  /** `emit` is handed chunks of the stream, at most one for each step. */
  constructor(
    private readonly look: () => FileContents,
    private readonly writer: SnapshotWriter,
    private readonly emit: (chunk: Uint8Array) => void,
  ) {
    this.#seen = look();
    this.#pass = this.#changes();
  }

  /** True once nothing is gained by another pass. */
  isDone = false;

  step(): void {
    const next = this.#pass.next();
    if (next.done !== true) this.emit(next.value);
    else this.#endPass(next.value);
  }

  /** The guest stands still: these are the contents. */
  freeze(): void {
    this.#seen = this.look();
  }

  /** What has changed until {@link freeze}, as chunks. */
  *rest(): Generator<Uint8Array, void> {
    yield* this.#changes();
  }

  #endPass(bytes: number): void {
    this.#passes++;
    this.#sent = this.#seen;
    const slow = bytes > this.#bytesBefore * SHRINKS_TO;
    this.isDone = bytes <= CHANGED_BYTES_FEW || slow || this.#passes >= PASSES_MAX;
    if (this.isDone) return;
    this.#bytesBefore = bytes;
    this.#seen = this.look();
    this.#pass = this.#changes();
  }

  /** Blocks that the receiver does not have. Returns how many bytes they were. */
  *#changes(): Generator<Uint8Array, number> {
    let bytes = 0;
    for (const [file, blocks] of this.#seen) {
      const sent = this.#sent?.get(file);
      for (const [index, block] of blocks.entries()) {
        // A hole is known without words, unless something may have been sent for it.
        if (this.#sent === undefined ? block.length === 0 : block === sent?.[index]) continue;
        bytes += block.length;
        const chunk = this.writer.addBlock(file, index, block);
        if (chunk !== undefined) yield chunk;
      }
    }
    const last = this.writer.flushBlocks();
    if (last !== undefined) yield last;
    return bytes;
  }
}
