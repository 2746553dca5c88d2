/** A whole snapshot to its stream. */
import type { Blobs } from './blobs.js';
import type { Compression } from './chunk.js';
import { PAGE_BYTES, PageHasher } from './page-hash.js';
import { PageTracker } from './page-tracker.js';
import { SnapshotRelay } from './relay.js';
import type { Snapshot } from './snapshot.js';
import { SnapshotWriter } from './writer.js';

/** Pages in one chunk: what fits beside their numbers. */
const RUN_PAGES_MAX = 15;

export interface EncodeOptions {
  readonly compression?: Compression;
  /** Of the pages' hashes. */
  readonly pageSeed?: bigint;
}

/** The stream, piece by piece: each piece is the receiver's own. Zero pages are looked at and left out. */
export function* encodeSnapshot(snapshot: Snapshot, options: EncodeOptions = {}): Generator<Uint8Array, void> {
  const { compression, pageSeed = 0n } = options;
  if (compression === undefined) {
    for (const piece of encodePlain(snapshot, pageSeed)) yield piece.slice();
    return;
  }
  const relay = new SnapshotRelay(compression);
  for (const piece of encodePlain(snapshot, pageSeed)) yield* relay.push(piece);
}

function* encodePlain({ blobs, engine, sections, ...header }: Snapshot, pageSeed: bigint): Generator<Uint8Array, void> {
  const writer = new SnapshotWriter(RUN_PAGES_MAX);
  yield writer.start(header, pageSeed);
  yield writer.memories(engine.memories.map(({ length }) => length / PAGE_BYTES));
  const hasher = new PageHasher(pageSeed);
  for (const [memory, bytes] of engine.memories.entries()) yield* encodeMemory(writer, hasher, memory, bytes);
  yield* encodeBlobs(writer, blobs);
  yield* writer.state(engine);
  for (const [name, value] of Object.entries(sections)) yield* writer.section(name, value);
  yield writer.end();
}

/** The pages of one memory that are not zero. */
export function* encodeMemory(
  writer: SnapshotWriter,
  hasher: PageHasher,
  memory: number,
  bytes: Uint8Array,
): Generator<Uint8Array, void> {
  const tracker = new PageTracker(hasher);
  tracker.grow(bytes.length / PAGE_BYTES);
  for (let page = 0; page < tracker.pages; page++) {
    if (tracker.take(bytes, page) === 'same') continue;
    if (!writer.takesPage(memory, page)) yield writer.flush()!;
    writer.addPage(memory, page, hasher.page, tracker.hashOf(page));
  }
  const last = writer.flush();
  if (last !== undefined) yield last;
}

function* encodeBlobs(writer: SnapshotWriter, blobs: Blobs): Generator<Uint8Array, void> {
  for (const [blob, blocks] of blobs) {
    for (const [index, bytes] of blocks.entries()) {
      const chunk = bytes.length === 0 ? undefined : writer.addBlock(blob, index, bytes);
      if (chunk !== undefined) yield chunk;
    }
  }
  const last = writer.flushBlocks();
  if (last !== undefined) yield last;
}
