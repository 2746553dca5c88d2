/** fd_readdir and the preopened directories. */
import { ERRNO, PRESTAT_BYTES, RIGHTS } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { Directory, DirectoryDescriptor } from '../descriptors.js';
import { fail } from '../failure.js';
import { inodeFiletype } from '../fs/filestat.js';
import { sortedNames } from '../fs/tree.js';
import { encodeEntry, listShared } from '../shared/directories.js';

const utf8 = new TextEncoder();

/** A directory descriptor; ENOTDIR for everything else, ENOTCAPABLE without the rights. */
export function directoryOf(ctx: WasiContext, fd: number, rights: number): Directory {
  const descriptor = ctx.fds.get(fd);
  if (descriptor.kind !== 'dir' && descriptor.kind !== 'shared-dir') return fail(ERRNO.NOTDIR);
  if ((descriptor.rights & rights) !== rights) fail(ERRNO.NOTCAPABLE);
  return descriptor;
}

/** Of no type that exists: wasi-libc and Go skip it and look at the next descriptor. */
const PRESTAT_TAG_SKIP = 1;

/**
 * wasi-libc stops looking for directories at the first EBADF, so that with Wasmtime it never finds those that follow a
 * listener. Here a listener with directories behind it answers as a preopen of another type instead.
 */
export function fdPrestatGet(ctx: WasiContext, fd: number, prestat: number): number {
  if (ctx.fds.get(fd).kind === 'listener' && (ctx.config.preopens ?? []).length > 0) {
    ctx.memory.slice(prestat, PRESTAT_BYTES).fill(0);
    ctx.memory.view.setUint8(prestat, PRESTAT_TAG_SKIP);
    return ERRNO.SUCCESS;
  }
  const name = preopenName(ctx, fd);
  ctx.memory.slice(prestat, PRESTAT_BYTES).fill(0);
  ctx.memory.setU32(prestat + 4, name.length);
  return ERRNO.SUCCESS;
}

export function fdPrestatDirName(ctx: WasiContext, fd: number, path: number, length: number): number {
  const name = preopenName(ctx, fd);
  if (length < name.length) return ERRNO.NAMETOOLONG;
  ctx.memory.slice(path, name.length).set(name);
  return ERRNO.SUCCESS;
}

/** EBADF for what is not preopened: that is how programs find the end of the list. */
function preopenName(ctx: WasiContext, fd: number): Uint8Array {
  const descriptor = ctx.fds.get(fd);
  if (descriptor.kind !== 'dir' && descriptor.kind !== 'shared-dir') return fail(ERRNO.BADF);
  if (descriptor.preopen === null) return fail(ERRNO.BADF);
  return utf8.encode(descriptor.preopen);
}

/** Fills the buffer with entries from `cookie` on; the last one may be cut off, which tells the guest to go on. */
export function fdReaddir(
  ctx: WasiContext,
  fd: number,
  buffer: number,
  length: number,
  cookie: bigint,
  used: number,
): WasiStep {
  const directory = directoryOf(ctx, fd, RIGHTS.FD_READDIR);
  const target = ctx.memory.slice(buffer, length);
  ctx.memory.check(used, 4);
  const fill = (): number => {
    ctx.memory.setU32(used, fillEntries(ctx, directory, cookie, target));
    return ERRNO.SUCCESS;
  };
  if (cookie !== 0n && directory.listing !== null) return fill();
  if (directory.kind === 'shared-dir') return listShared(directory, fill);
  directory.listing = list(ctx, directory);
  return fill();
}

/** Returns the number of bytes filled. */
function fillEntries(ctx: WasiContext, directory: Directory, cookie: bigint, target: Uint8Array): number {
  const count = directory.listing!.length;
  let at = 0;
  for (let index = cookie < 0n ? count : Number(cookie); index < count && at < target.length; index++) {
    const entry = entryAt(ctx, directory, index);
    if (entry === undefined) continue;
    const part = entry.subarray(0, target.length - at);
    target.set(part, at);
    at += part.length;
  }
  return at;
}

function list(ctx: WasiContext, directory: DirectoryDescriptor): string[] {
  return ['.', '..', ...sortedNames(ctx.tree.directory(directory.inode).entries.keys())];
}

/** One dirent; undefined if the name has gone since the listing was made. */
function entryAt(ctx: WasiContext, directory: Directory, index: number): Uint8Array | undefined {
  if (directory.kind === 'shared-dir') return encodeEntry(index + 1, directory.listing![index]!);
  const name = directory.listing![index]!;
  const inode = lookUp(ctx, directory, name);
  if (inode === undefined) return undefined;
  return encodeEntry(index + 1, [name, inodeFiletype(ctx.tree.get(inode)), BigInt(inode)]);
}

function lookUp(ctx: WasiContext, directory: DirectoryDescriptor, name: string): number | undefined {
  if (name === '.') return directory.inode;
  const inode = ctx.tree.directory(directory.inode);
  // What lies above a preopened directory is not the guest's business.
  return name === '..' ? inode.parent : inode.entries.get(name);
}
