/** The filestat struct, and setting times. */
import { ERRNO, FILESTAT_BYTES, FILETYPE, FSTFLAGS } from '../abi.js';
import { fail } from '../failure.js';
import type { GuestBytes } from '../memory.js';
import type { Inode } from './inode.js';
import type { Tree } from './tree.js';

export interface Filestat {
  readonly device: number;
  readonly inode: number | bigint;
  readonly filetype: number;
  readonly links: number;
  readonly size: number;
  readonly atimNs: bigint;
  readonly mtimNs: bigint;
  readonly ctimNs: bigint;
}

/** Writes the struct in one calling convention: preview1's and wasi_unstable's differ. */
export type FilestatWriter = (memory: GuestBytes, pointer: number, stat: Filestat) => void;

const FILETYPES = { file: FILETYPE.REGULAR_FILE, dir: FILETYPE.DIRECTORY, symlink: FILETYPE.SYMBOLIC_LINK } as const;

export function inodeFiletype(inode: Inode): number {
  return FILETYPES[inode.kind];
}

/** Virtual numbers throughout: the device is the mount, and a directory has one link and no size. */
export function inodeFilestat(mount: number, number: number, inode: Inode): Filestat {
  const { atimNs, mtimNs, ctimNs } = inode;
  const size = inode.kind === 'file' ? inode.size : inode.kind === 'symlink' ? byteLength(inode.target) : 0;
  const filetype = inodeFiletype(inode);
  return { device: mount + 1, inode: number, filetype, links: inode.links, size, atimNs, mtimNs, ctimNs };
}

/** What is known of a descriptor that is no file. */
export function plainFilestat(filetype: number): Filestat {
  return { device: 0, inode: 0, filetype, links: 1, size: 0, atimNs: 0n, mtimNs: 0n, ctimNs: 0n };
}

/** Preview1's layout; every byte is written, padding included. */
export const writeFilestat: FilestatWriter = (memory, pointer, stat) => {
  memory.slice(pointer, FILESTAT_BYTES).fill(0);
  memory.setU64(pointer, BigInt(stat.device));
  memory.setU64(pointer + 8, BigInt(stat.inode));
  memory.view.setUint8(pointer + 16, stat.filetype);
  memory.setU64(pointer + 24, BigInt(stat.links));
  memory.setU64(pointer + 32, BigInt(stat.size));
  memory.setU64(pointer + 40, stat.atimNs);
  memory.setU64(pointer + 48, stat.mtimNs);
  memory.setU64(pointer + 56, stat.ctimNs);
};

/** EINVAL for unknown flags, and for a time given both as a value and as "now". */
export function checkTimeFlags(fstflags: number): void {
  const bothAtim = FSTFLAGS.ATIM | FSTFLAGS.ATIM_NOW;
  const bothMtim = FSTFLAGS.MTIM | FSTFLAGS.MTIM_NOW;
  if ((fstflags & ~FSTFLAGS.ALL) !== 0) fail(ERRNO.INVAL);
  if ((fstflags & bothAtim) === bothAtim || (fstflags & bothMtim) === bothMtim) fail(ERRNO.INVAL);
}

export function setTimes(tree: Tree, inode: Inode, atim: bigint, mtim: bigint, fstflags: number): number {
  checkTimeFlags(fstflags);
  if (fstflags & FSTFLAGS.ATIM) inode.atimNs = BigInt.asUintN(64, atim);
  if (fstflags & FSTFLAGS.ATIM_NOW) inode.atimNs = tree.nowNs;
  if (fstflags & FSTFLAGS.MTIM) inode.mtimNs = BigInt.asUintN(64, mtim);
  if (fstflags & FSTFLAGS.MTIM_NOW) inode.mtimNs = tree.nowNs;
  inode.ctimNs = tree.nowNs;
  return ERRNO.SUCCESS;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
