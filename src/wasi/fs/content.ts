/** A file's bytes: reading, writing, growing. Capacity doubles, so that appending costs amortised constant time per byte. */
import { ERRNO } from '../abi.js';
import { fail } from '../failure.js';
import { gather, type Iovecs, scatter } from '../memory.js';
import type { FileInode, TreeState } from './inode.js';

/** Fixed limits, so that EFBIG and ENOSPC come at the same moment on every replica. */
export const FILE_BYTES_MAX = 2 ** 31 - 1;
export const TREE_BYTES_MAX = 2 ** 32;

/** Fills the buffers from `offset` on; returns how many bytes there were. */
export function readAt(file: FileInode, offset: number, target: Iovecs): number {
  const start = Math.min(offset, file.size);
  const length = Math.min(target.total, file.size - start);
  scatter(target, file.bytes.subarray(start, start + length));
  return length;
}

/** Writes all buffers at `offset`; a gap before it reads as zeros. EFBIG, ENOSPC. */
export function writeAt(tree: TreeState, file: FileInode, offset: number, source: Iovecs): void {
  if (source.total === 0) return;
  grow(tree, file, offset + source.total);
  file.bytes.set(gather(source), offset);
}

/** Makes the file at least `size` bytes long. */
export function grow(tree: TreeState, file: FileInode, size: number): void {
  if (size > file.size) resize(tree, file, size);
}

/** Cuts or extends (with zeros) to exactly `size` bytes. */
export function resize(tree: TreeState, file: FileInode, size: number): void {
  if (size > FILE_BYTES_MAX) fail(ERRNO.FBIG);
  if (tree.usedBytes + size - file.size > TREE_BYTES_MAX) fail(ERRNO.NOSPC);
  if (size > file.bytes.length) reserve(file, size);
  else if (size < file.size) file.bytes.fill(0, size, file.size);
  tree.usedBytes += size - file.size;
  file.size = size;
}

function reserve(file: FileInode, size: number): void {
  const capacity = Math.min(Math.max(size, file.bytes.length * 2), FILE_BYTES_MAX);
  const bytes = new Uint8Array(capacity);
  bytes.set(file.bytes.subarray(0, file.size));
  file.bytes = bytes;
}
