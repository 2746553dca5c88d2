/** Chunks to snapshot, as they come. */
import { Packr } from 'msgpackr/pack';
import { ByteReader } from '../bytes/reader.js';
import { DecodeError } from '../errors.js';
import { ReceivedBlobs } from './blobs.js';
import { type Chunk, ChunkKind, type Compression, damaged, decodeChunk, snapshotError } from './chunk.js';
import { decodeEngineState } from './engine-state.js';
import { PageHasher } from './page-hash.js';
import { ReceivedMemories } from './received-memories.js';
import type { HeaderFields, Snapshot } from './snapshot.js';
import { ChunkSplitter, joined } from './splitter.js';

const packr = new Packr({ useRecords: false, int64AsType: 'bigint' });

export interface ReaderOptions {
  readonly compression?: Compression | undefined;
  /** Check pages and blocks, but keep none: the memories of the snapshot are then empty, and there are no blobs. */
  readonly withoutPages?: boolean;
}

export class SnapshotReader {
  readonly #splitter = new ChunkSplitter();
  #header: HeaderFields | undefined;
  #memories: ReceivedMemories | undefined;
  readonly #blobs: ReceivedBlobs;
  readonly #state: Uint8Array[] = [];
  readonly #sections = new Map<string, Uint8Array[]>();
  #ended = false;

  constructor(private readonly options: ReaderOptions = {}) {
    this.#blobs = new ReceivedBlobs(options.withoutPages !== true);
  }

  /** Known once the first chunk has come. */
  get header(): HeaderFields | undefined {
    return this.#header;
  }

  /** Takes the next bytes. @throws FTW_SNAPSHOT at the first chunk that is damaged or out of place */
  push(bytes: Uint8Array): void {
    this.#splitter.push(bytes, (chunk, number) => this.#take(chunk, number));
  }

  /** The input has ended. @throws FTW_SNAPSHOT when something is missing */
  finish(): Snapshot {
    if (!this.#ended || this.#header === undefined) {
      throw snapshotError(`the snapshot ends after ${this.#splitter.chunks} chunks, before its end chunk`);
    }
    const { manifest, moduleHash, rewriterVersion } = this.#header;
    const sections: Record<string, unknown> = {};
    for (const [name, parts] of this.#sections) sections[name] = unpacked(joined(parts), `section ${name}`);
    const memories = this.#memories?.contents ?? [];
    const engine = { ...decodeEngineState(joined(this.#state)), memories };
    return { moduleHash, rewriterVersion, manifest, engine, blobs: this.#blobs.contents, sections };
  }

  #take(bytes: Uint8Array, number: number): void {
    const chunk = decodeChunk(bytes, number, this.options.compression);
    if (this.#ended) throw damaged(number, 'it stands behind the end');
    if ((this.#header === undefined) !== (chunk.kind === ChunkKind.Header)) {
      throw damaged(number, 'the header is not the first chunk');
    }
    try {
      this.#keep(chunk, number);
    } catch (error) {
      throw error instanceof DecodeError ? damaged(number, error.message) : error;
    }
  }

  #keep(chunk: Chunk, number: number): void {
    const { kind, payload } = chunk;
    const reader = new ByteReader(payload);
    switch (kind) {
      case ChunkKind.Header:
        return this.#start(payload);
      case ChunkKind.Pages:
        return this.#memories!.pages(payload, number);
      case ChunkKind.ZeroPages:
        return this.#memories!.zero(reader, number);
      case ChunkKind.Memories:
        return this.#memories!.resize(reader, number);
      case ChunkKind.Blocks:
        return this.#blobs.take(chunk, number);
      case ChunkKind.State:
        return void this.#state.push(payload.slice());
      case ChunkKind.Section: {
        const name = reader.name('a section name');
        this.#sections.set(name, [...(this.#sections.get(name) ?? []), payload.slice(reader.pos)]);
        return;
      }
      case ChunkKind.End:
        if (reader.u32() !== number) throw damaged(number, 'chunks before it are missing');
        this.#ended = true;
        return;
      default:
        throw damaged(number, `its kind ${String(kind)} is not known`);
    }
  }

  #start(payload: Uint8Array): void {
    const header = unpacked(payload, 'header') as HeaderFields;
    const complete = typeof header?.moduleHash === 'string' && typeof header.rewriterVersion === 'string';
    if (!complete || typeof header.pageSeed !== 'bigint' || typeof header.manifest !== 'object') {
      throw damaged(0, 'the header lacks fields');
    }
    this.#header = header;
    this.#memories = new ReceivedMemories(new PageHasher(header.pageSeed), this.options.withoutPages !== true);
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
