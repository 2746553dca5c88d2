/** Snapshot to chunks. */
import { Packr } from 'msgpackr';
import { ByteWriter } from '../bytes/writer.js';
import { ChunkKind, type Compression, encodeChunk, encodePreamble, PAYLOAD_BYTES_MAX } from './chunk.js';
import { encodeEngineState } from './engine-state.js';
import type { HeaderFields, Snapshot } from './snapshot.js';

export const PAGE_BYTES = 65536;
/** Pages in one chunk: what fits beside their number. */
const RUN_PAGES_MAX = PAYLOAD_BYTES_MAX / PAGE_BYTES - 1;

const packr = new Packr({ useRecords: false, int64AsType: 'bigint' });

/**
 * The stream, piece by piece: each piece is the receiver's own, so that the guest may run on once all are taken. Zero pages
 * are looked at and left out.
 */
export function* encodeSnapshot(snapshot: Snapshot, compression?: Compression): Generator<Uint8Array, void> {
  let chunks = 0;
  const chunk = (kind: ChunkKind, payload: Uint8Array) => {
    chunks++;
    return encodeChunk({ kind, payload }, compression);
  };
  yield encodePreamble();
  const { engine, manifest, moduleHash, rewriterVersion, sections } = snapshot;
  const memories = engine.memories.map(({ length }) => length);
  const header: HeaderFields = { moduleHash, rewriterVersion, manifest, memories };
  yield chunk(ChunkKind.Header, packr.pack(header));
  for (const [memory, contents] of engine.memories.entries()) {
    // Words are compared, so the memory must start at one; an engine's does.
    const bytes = contents.byteOffset % 4 === 0 ? contents : contents.slice();
    for (const [first, end] of runs(bytes)) yield chunk(ChunkKind.Pages, pagesPayload(memory, first, end, bytes));
  }
  for (const piece of pieces(encodeEngineState(engine), 0)) yield chunk(ChunkKind.State, piece);
  for (const [name, value] of Object.entries(sections)) {
    const out = new ByteWriter(PAGE_BYTES);
    out.name(name);
    const prefix = out.length;
    for (const piece of pieces(packr.pack(value), prefix)) {
      out.truncate(prefix);
      out.copy(piece);
      yield chunk(ChunkKind.Section, out.bytes);
    }
  }
  const count = new ByteWriter(8);
  count.u32(chunks);
  yield chunk(ChunkKind.End, count.finish());
}

function pagesPayload(memory: number, first: number, end: number, bytes: Uint8Array): Uint8Array {
  const out = new ByteWriter((end - first) * PAGE_BYTES + 16);
  out.u32(memory);
  out.u32(first);
  out.copy(bytes, first * PAGE_BYTES, end * PAGE_BYTES);
  return out.finish();
}

/** Runs of pages that are not all zero, as [first, end). */
export function* runs(bytes: Uint8Array): Generator<readonly [first: number, end: number], void> {
  const pages = bytes.length / PAGE_BYTES;
  let first = -1;
  for (let page = 0; page <= pages; page++) {
    const inRun = page < pages && !isZero(bytes, page);
    if (first >= 0 && (!inRun || page - first === RUN_PAGES_MAX)) {
      yield [first, page];
      first = -1;
    }
    if (inRun && first < 0) first = page;
  }
}

function isZero(bytes: Uint8Array, page: number): boolean {
  const start = bytes.byteOffset + page * PAGE_BYTES;
  const words = new Int32Array(bytes.buffer, start, PAGE_BYTES / 4);
  for (let at = 0; at < words.length; at++) if (words[at] !== 0) return false;
  return true;
}

/** Parts of `bytes` that fit a chunk beside `taken` bytes; one part, empty, if there are none. */
function* pieces(bytes: Uint8Array, taken: number): Generator<Uint8Array, void> {
  const size = PAYLOAD_BYTES_MAX - taken;
  for (let at = 0; at === 0 || at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
