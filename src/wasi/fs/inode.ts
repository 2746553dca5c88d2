/** The private file tree as plain data: inodes by number, numbered in order of creation on every replica. */
import type { TreeMode } from './description.js';

/** Virtual times, in nanoseconds since 1970: the last logged realtime, never the host's. */
export interface InodeTimes {
  atimNs: bigint;
  mtimNs: bigint;
  ctimNs: bigint;
}

interface InodeBase extends InodeTimes {
  /** Names that lead here; an inode without one lives on while a descriptor is open on it. */
  links: number;
}

/** Of a file, but for its last block. */
export const BLOCK_BYTES = 65536;

export interface Block {
  /** At most {@link BLOCK_BYTES}; what is missing at the end is zero, and so is what lies behind the file's end. */
  readonly bytes: Uint8Array;
  /** Somebody else holds these bytes too: they do not change any more. */
  shared: boolean;
}

export interface FileInode extends InodeBase {
  kind: 'file';
  /** As many as `size` needs. */
  readonly blocks: Block[];
  size: number;
}

export interface DirectoryInode extends InodeBase {
  kind: 'dir';
  entries: Map<string, number>;
  /** Inode of the directory above; its own in a mount's root. */
  parent: number;
}

export interface SymlinkInode extends InodeBase {
  kind: 'symlink';
  target: string;
}

export type Inode = FileInode | DirectoryInode | SymlinkInode;

/** One preopened tree. */
export interface Mount {
  readonly guest: string;
  readonly mode: TreeMode;
  readonly root: number;
}

export interface TreeState {
  readonly mounts: Mount[];
  readonly inodes: Map<number, Inode>;
  nextInode: number;
  /** Sum of all file sizes, in bytes. */
  usedBytes: number;
}

export function emptyTree(): TreeState {
  return { mounts: [], inodes: new Map(), nextInode: 1, usedBytes: 0 };
}
