/**
 * Blobs: byte arrays of any size, by number, that sections speak of (what files hold). They lie in blocks, of which a later
 * one replaces an earlier one. The payload of a chunk of {@link ChunkKind.Blocks} is a list of
 *
 *     number of the blob u64, index of the block u32, length u32, bytes
 *
 * with integers in LEB128. What a block lacks at its end, and a block that never comes, is zero.
 */
import { ByteReader } from '../bytes/reader.js';
import { ByteWriter } from '../bytes/writer.js';
import { type Chunk, ChunkKind, damaged, encodeChunk } from './chunk.js';

/** Of a blob, but for its last block. */
export const BLOCK_BYTES = 65536;
/** More than a blob of 4 GiB has. */
const BLOCKS_MAX = 65536;
/** A chunk takes further blocks until it has so many bytes. */
const GATHERED_BYTES = 3 * BLOCK_BYTES;

export type Blobs = ReadonlyMap<number, readonly Uint8Array[]>;

/** Gathers blocks; one buffer serves for all chunks. */
export class BlocksChunk {
  readonly #payload = new ByteWriter(GATHERED_BYTES + 2 * BLOCK_BYTES);

  get isEmpty(): boolean {
    return this.#payload.length === 0;
  }

  /** The chunk has enough. */
  get isFull(): boolean {
    return this.#payload.length >= GATHERED_BYTES;
  }

  add(blob: number, index: number, bytes: Uint8Array): void {
    const out = this.#payload;
    out.u64(BigInt(blob));
    out.u32(index);
    out.u32(bytes.length);
    out.copy(bytes);
  }

  /** The finished chunk, and an empty one to go on with. */
  finish(): Uint8Array {
    const chunk = encodeChunk({ kind: ChunkKind.Blocks, payload: this.#payload.bytes });
    this.#payload.truncate(0);
    return chunk;
  }
}

/** Blobs as their blocks come. */
export class ReceivedBlobs {
  readonly #blobs = new Map<number, Uint8Array[]>();

  /** `keeps`: blocks are not only checked. */
  constructor(private readonly keeps: boolean) {}

  get contents(): Blobs {
    return this.#blobs;
  }

  /** @throws FTW_SNAPSHOT, DecodeError */
  take({ payload }: Chunk, number: number): void {
    const reader = new ByteReader(payload);
    while (!reader.atEnd) {
      const blob = Number(reader.u64('the number of a blob'));
      const index = reader.u32('the index of a block');
      const length = reader.u32('the length of a block');
      if (index >= BLOCKS_MAX || length > BLOCK_BYTES) {
        throw damaged(number, `block ${index} of blob ${blob} has ${length} bytes`);
      }
      const start = reader.skip(length, 'a block');
      if (this.keeps) this.#keep(blob, index, payload.slice(start, start + length));
    }
  }

  #keep(blob: number, index: number, bytes: Uint8Array): void {
    const blocks = this.#blobs.get(blob) ?? [];
    // What lies between comes later, or is zero.
    while (blocks.length < index) blocks.push(new Uint8Array(0));
    blocks[index] = bytes;
    this.#blobs.set(blob, blocks);
  }
}
