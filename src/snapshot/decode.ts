/** Chunks to snapshot, as they come. */
import { Packr } from 'msgpackr';
import { ByteReader } from '../bytes/reader.js';
import { DecodeError } from '../errors.js';
import {
  CHUNK_HEADER_BYTES,
  type Chunk,
  ChunkKind,
  type Compression,
  checkPreamble,
  chunkBytes,
  damaged,
  decodeChunk,
  PREAMBLE_BYTES,
  snapshotError,
} from './chunk.js';
import { PAGE_BYTES } from './encode.js';
import { decodeEngineState } from './engine-state.js';
import type { HeaderFields, Snapshot } from './snapshot.js';

const packr = new Packr({ useRecords: false, int64AsType: 'bigint' });
const MEMORY_BYTES_MAX = 2 ** 32;

export class SnapshotReader {
  #pending: Uint8Array = new Uint8Array(0);
  #preambleRead = false;
  #chunks = 0;
  #header: HeaderFields | undefined;
  #memories: Uint8Array[] = [];
  readonly #state: Uint8Array[] = [];
  readonly #sections = new Map<string, Uint8Array[]>();
  #ended = false;

  constructor(private readonly compression?: Compression) {}

  /** Known once the first chunk has come. */
  get header(): HeaderFields | undefined {
    return this.#header;
  }

  /** Takes the next bytes. @throws FTW_SNAPSHOT at the first chunk that is damaged or out of place */
  push(bytes: Uint8Array): void {
    this.#pending = this.#pending.length === 0 ? bytes : joined([this.#pending, bytes]);
    let at = 0;
    for (let end = this.#next(at); end > at; end = this.#next(at)) {
      this.#take(this.#pending.subarray(at, end));
      at = end;
    }
    this.#pending = this.#pending.slice(at);
  }

  /** The input has ended. @throws FTW_SNAPSHOT when something is missing */
  finish(): Snapshot {
    if (!this.#ended || this.#header === undefined) {
      throw snapshotError(`the snapshot ends after ${this.#chunks} chunks, before its end chunk`);
    }
    const { manifest, moduleHash, rewriterVersion } = this.#header;
    const sections: Record<string, unknown> = {};
    for (const [name, parts] of this.#sections) sections[name] = unpacked(joined(parts), `section ${name}`);
    const engine = { ...decodeEngineState(joined(this.#state)), memories: this.#memories };
    return { moduleHash, rewriterVersion, manifest, engine, sections };
  }

  /** End of the preamble or chunk that starts at `at`; `at` itself if it is not all there yet. */
  #next(at: number): number {
    const left = this.#pending.length - at;
    if (!this.#preambleRead) return left < PREAMBLE_BYTES ? at : at + PREAMBLE_BYTES;
    if (left < CHUNK_HEADER_BYTES) return at;
    const length = chunkBytes(this.#pending.subarray(at, at + CHUNK_HEADER_BYTES), this.#chunks);
    return left < length ? at : at + length;
  }

  #take(bytes: Uint8Array): void {
    if (!this.#preambleRead) {
      checkPreamble(bytes);
      this.#preambleRead = true;
      return;
    }
    const chunk = decodeChunk(bytes, this.#chunks, this.compression);
    if (this.#ended) throw damaged(this.#chunks, 'it stands behind the end');
    if ((this.#header === undefined) !== (chunk.kind === ChunkKind.Header)) {
      throw damaged(this.#chunks, 'the header is not the first chunk');
    }
    try {
      this.#keep(chunk);
    } catch (error) {
      throw error instanceof DecodeError ? damaged(this.#chunks, error.message) : error;
    }
    this.#chunks++;
  }

  #keep({ kind, payload }: Chunk): void {
    const reader = new ByteReader(payload);
    switch (kind) {
      case ChunkKind.Header:
        return this.#start(payload);
      case ChunkKind.Pages:
        return this.#pages(reader);
      case ChunkKind.State:
        return void this.#state.push(payload.slice());
      case ChunkKind.Section: {
        const name = reader.name('a section name');
        this.#sections.set(name, [...(this.#sections.get(name) ?? []), payload.slice(reader.pos)]);
        return;
      }
      case ChunkKind.End:
        if (reader.u32() !== this.#chunks) throw damaged(this.#chunks, 'chunks before it are missing');
        this.#ended = true;
        return;
      default:
        throw damaged(this.#chunks, `its kind ${String(kind)} is not known`);
    }
  }

  #start(payload: Uint8Array): void {
    const header = unpacked(payload, 'header') as HeaderFields;
    const valid = (size: unknown) =>
      typeof size === 'number' && size >= 0 && size <= MEMORY_BYTES_MAX && size % PAGE_BYTES === 0;
    const complete = typeof header?.moduleHash === 'string' && typeof header.rewriterVersion === 'string';
    if (!complete || !Array.isArray(header.memories) || !header.memories.every(valid)) {
      throw damaged(0, 'the header lacks fields');
    }
    this.#header = header;
    this.#memories = header.memories.map((size) => new Uint8Array(size));
  }

  #pages(reader: ByteReader): void {
    const memory = this.#memories[reader.u32('a memory')];
    const start = reader.u32('a page') * PAGE_BYTES;
    const length = reader.remaining;
    if (memory === undefined || length % PAGE_BYTES !== 0 || start + length > memory.length) {
      throw damaged(this.#chunks, 'its pages lie outside of the memory');
    }
    memory.set(reader.bytes.subarray(reader.pos), start);
  }
}

/** Views into a plain array, not a Buffer, whose `slice` would be a view. */
function unpacked(bytes: Uint8Array, what: string): unknown {
  try {
    return packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch (cause) {
    throw snapshotError(`the ${what} of the snapshot cannot be read: ${(cause as Error).message}`);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
