/**
 * A snapshot on its way into a file: its chunks are made smaller, and sections of others come in before its end. Memory
 * needed: one chunk.
 */
import { ChunkKind, type Compression, decodeChunk, encodeChunk, encodePreamble, snapshotError } from './chunk.js';
import { ChunkSplitter } from './splitter.js';
import { encodeEnd, encodeSection } from './writer.js';

export class SnapshotRelay {
  readonly #splitter = new ChunkSplitter();
  readonly #sections: (readonly [name: string, value: unknown])[] = [];
  #begun = false;
  #ended = false;

  constructor(private readonly compression?: Compression) {}

  /** Adds a section; must come before the snapshot's end does. */
  addSection(name: string, value: unknown): void {
    this.#sections.push([name, value]);
  }

  /** What the next bytes become. @throws FTW_SNAPSHOT when they are damaged */
  push(bytes: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    this.#splitter.push(bytes, (chunk, number) => {
      if (!this.#begun) out.push(encodePreamble());
      this.#begun = true;
      const { kind, payload } = decodeChunk(chunk, number, this.compression);
      if (kind === ChunkKind.End) this.#end(number, out);
      else out.push(encodeChunk({ kind, payload }, this.compression));
    });
    return out;
  }

  /** The input has ended. @throws FTW_SNAPSHOT when something is missing */
  finish(): void {
    if (this.#ended) return;
    throw snapshotError(`the snapshot ends after ${this.#splitter.chunks} chunks, before its end chunk`);
  }

  #end(chunks: number, out: Uint8Array[]): void {
    let count = chunks;
    for (const [name, value] of this.#sections) {
      for (const payload of encodeSection(name, value)) {
        out.push(encodeChunk({ kind: ChunkKind.Section, payload }, this.compression));
        count++;
      }
    }
    out.push(encodeEnd(count));
    this.#ended = true;
  }
}
