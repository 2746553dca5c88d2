/** The chunks of one snapshot, in the order in which their maker has them; it must begin with `start` and finish with `end`. */
import { Packr } from 'msgpackr/pack';
import { ByteWriter } from '../bytes/writer.js';
import { BlocksChunk } from './blobs.js';
import { ChunkKind, encodeChunk, encodePreamble, PAYLOAD_BYTES_MAX } from './chunk.js';
import { encodeEngineState, type StateWithoutMemories } from './engine-state.js';
import { PagesChunk } from './pages-chunk.js';
import type { HeaderFields, SnapshotHeader } from './snapshot.js';

const packr = new Packr({ useRecords: false, int64AsType: 'bigint' });

export class SnapshotWriter {
  #chunks = 0;
  readonly #pages: PagesChunk;
  readonly #blocks = new BlocksChunk();

  /** `runPagesMax`: pages in a chunk at most. */
  constructor(runPagesMax: number) {
    this.#pages = new PagesChunk(runPagesMax);
  }

  /** Preamble and header. */
  start({ manifest, moduleHash, rewriterVersion }: SnapshotHeader, pageSeed: bigint): Uint8Array {
    const header: HeaderFields = { moduleHash, rewriterVersion, manifest, pageSeed };
    const [preamble, chunk] = [encodePreamble(), this.#chunk(ChunkKind.Header, packr.pack(header))];
    const bytes = new Uint8Array(preamble.length + chunk.length);
    bytes.set(preamble);
    bytes.set(chunk, preamble.length);
    return bytes;
  }

  /** `pages`: the size of each memory. */
  memories(pages: readonly number[]): Uint8Array {
    const out = new ByteWriter(16);
    out.u32(pages.length);
    for (const count of pages) out.u32(count);
    return this.#chunk(ChunkKind.Memories, out.finish());
  }

  /** Whether a page continues the run of pages; if not, {@link flush} comes first. */
  takesPage(memory: number, page: number): boolean {
    return this.#pages.takes(memory, page);
  }

  addPage(memory: number, page: number, bytes: Uint8Array, hash: bigint): void {
    this.#pages.add(memory, page, bytes, hash);
  }

  /** The run so far, valid until the next page; undefined if there is none. */
  flush(): Uint8Array | undefined {
    if (this.#pages.isEmpty) return undefined;
    this.#chunks++;
    return this.#pages.finish();
  }

  /** Pages that were something before. */
  zeroPages(memory: number, first: number, count: number): Uint8Array {
    const out = new ByteWriter(16);
    out.u32(memory);
    out.u32(first);
    out.u32(count);
    return this.#chunk(ChunkKind.ZeroPages, out.finish());
  }

  /** The chunk that is full with this block, if it is. */
  addBlock(blob: number, index: number, bytes: Uint8Array): Uint8Array | undefined {
    this.#blocks.add(blob, index, bytes);
    return this.#blocks.isFull ? this.flushBlocks() : undefined;
  }

  /** The blocks so far; undefined if there are none. */
  flushBlocks(): Uint8Array | undefined {
    if (this.#blocks.isEmpty) return undefined;
    this.#chunks++;
    return this.#blocks.finish();
  }

  *state(state: StateWithoutMemories): Generator<Uint8Array, void> {
    for (const piece of pieces(encodeEngineState(state), 0)) yield this.#chunk(ChunkKind.State, piece);
  }

  *section(name: string, value: unknown): Generator<Uint8Array, void> {
    for (const payload of encodeSection(name, value)) yield this.#chunk(ChunkKind.Section, payload);
  }

  end(): Uint8Array {
    return encodeEnd(this.#chunks);
  }

  #chunk(kind: ChunkKind, payload: Uint8Array): Uint8Array {
    this.#chunks++;
    return encodeChunk({ kind, payload });
  }
}

/** The end of a snapshot of so many chunks. */
export function encodeEnd(chunks: number): Uint8Array {
  const count = new ByteWriter(8);
  count.u32(chunks);
  return encodeChunk({ kind: ChunkKind.End, payload: count.finish() });
}

/** The payloads of a section. */
export function* encodeSection(name: string, value: unknown): Generator<Uint8Array, void> {
  const out = new ByteWriter(65536);
  out.name(name);
  const prefix = out.length;
  for (const piece of pieces(packr.pack(value), prefix)) {
    out.truncate(prefix);
    out.copy(piece);
    yield out.bytes;
  }
}

/** Parts of `bytes` that fit a chunk beside `taken` bytes; one part, empty, if there are none. */
function* pieces(bytes: Uint8Array, taken: number): Generator<Uint8Array, void> {
  const size = PAYLOAD_BYTES_MAX - taken;
  for (let at = 0; at === 0 || at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
