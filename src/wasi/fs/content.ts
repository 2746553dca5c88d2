/**
 * A file's bytes: reading, writing, growing. They lie in blocks, so that growing moves nothing that is there, holes cost
 * nothing, and a snapshot can share them with the guest that goes on: a block that somebody else holds too is copied
 * before it is written to.
 */
import { ERRNO } from '../abi.js';
import { fail } from '../failure.js';
import { gather, type Iovecs, scatter } from '../memory.js';
import { BLOCK_BYTES, type Block, type FileInode, type TreeState } from './inode.js';

/** Fixed limits, so that EFBIG and ENOSPC come at the same moment on every replica. */
export const FILE_BYTES_MAX = 2 ** 31 - 1;
export const TREE_BYTES_MAX = 2 ** 32;

/** All zeros, of any number of files. */
const ZERO_BLOCK: Block = { bytes: new Uint8Array(0), shared: true };

/** Fills the buffers from `offset` on; returns how many bytes there were. */
export function readAt(file: FileInode, offset: number, target: Iovecs): number {
  const start = Math.min(offset, file.size);
  const length = Math.min(target.total, file.size - start);
  scatter(target, bytesAt(file, start, length));
  return length;
}

/** Writes all buffers at `offset`; a gap before it reads as zeros. EFBIG, ENOSPC. */
export function writeAt(tree: TreeState, file: FileInode, offset: number, source: Iovecs): void {
  if (source.total === 0) return;
  grow(tree, file, offset + source.total);
  const bytes = gather(source);
  for (let done = 0; done < bytes.length; ) {
    const at = (offset + done) % BLOCK_BYTES;
    const part = bytes.subarray(done, done + BLOCK_BYTES - at);
    writable(file, blockOf(offset + done), at + part.length).set(part, at);
    done += part.length;
  }
}

/** Makes the file at least `size` bytes long. */
export function grow(tree: TreeState, file: FileInode, size: number): void {
  if (size > file.size) resize(tree, file, size);
}

/** Cuts or extends (with zeros) to exactly `size` bytes. */
export function resize(tree: TreeState, file: FileInode, size: number): void {
  if (size > FILE_BYTES_MAX) fail(ERRNO.FBIG);
  if (tree.usedBytes + size - file.size > TREE_BYTES_MAX) fail(ERRNO.NOSPC);
  const blocks = Math.ceil(size / BLOCK_BYTES);
  if (file.blocks.length > blocks) file.blocks.length = blocks;
  while (file.blocks.length < blocks) file.blocks.push(ZERO_BLOCK);
  if (size < file.size) clearFrom(file, size);
  tree.usedBytes += size - file.size;
  file.size = size;
}

/** Content as blocks that nobody writes to. */
export function sharedBlocks(bytes: Uint8Array): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    blocks.push({ bytes: bytes.subarray(at, at + BLOCK_BYTES), shared: true });
  }
  return blocks;
}

/** The blocks as they are now, which they stay: from now on the guest writes to copies. */
export function shareBlocks({ blocks }: FileInode): Uint8Array[] {
  return blocks.map((block) => {
    block.shared = true;
    return block.bytes;
  });
}

function blockOf(offset: number): number {
  return Math.floor(offset / BLOCK_BYTES);
}

/** A view where one block holds all of it, else a copy. */
function bytesAt({ blocks }: FileInode, start: number, length: number): Uint8Array {
  const from = start % BLOCK_BYTES;
  const first = blocks[blockOf(start)]?.bytes;
  if (first !== undefined && from + length <= first.length) return first.subarray(from, from + length);
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const at = (start + done) % BLOCK_BYTES;
    bytes.set(blocks[blockOf(start + done)]!.bytes.subarray(at, at + length - done), done);
    done += BLOCK_BYTES - at;
  }
  return bytes;
}

/** A block with room for `length` bytes that nobody else holds. */
function writable({ blocks }: FileInode, index: number, length: number): Uint8Array {
  const { bytes, shared } = blocks[index]!;
  const isShort = length > bytes.length;
  if (!shared && !isShort) return bytes;
  const copy = new Uint8Array(isShort ? Math.min(BLOCK_BYTES, Math.max(length, bytes.length * 2)) : bytes.length);
  copy.set(bytes);
  blocks[index] = { bytes: copy, shared: false };
  return copy;
}

/** Nothing but zeros from `size` on, in the block that it ends in. */
function clearFrom(file: FileInode, size: number): void {
  const last = blockOf(size);
  const from = size % BLOCK_BYTES;
  const block = file.blocks[last];
  if (from === 0 || block === undefined || block.bytes.length <= from) return;
  if (block.shared) file.blocks[last] = { bytes: block.bytes.slice(0, from), shared: false };
  else block.bytes.fill(0, from);
}
