/** path_* calls that look at or change what a name leads to. */
import { ERRNO, LOOKUP_SYMLINK_FOLLOW, RIGHTS } from '../abi.js';
import type { WasiContext } from '../context.js';
import type { DirectoryDescriptor } from '../descriptors.js';
import { fail } from '../failure.js';
import { type FilestatWriter, inodeFilestat, setTimes, writeFilestat } from '../fs/filestat.js';
import { type Resolved, resolvePath } from '../fs/resolve.js';
import { directoryOf } from './fd-dir.js';

const utf8 = new TextEncoder();

export interface PathTarget extends Resolved {
  readonly directory: DirectoryDescriptor;
}

/** Resolves a path argument; `changes`: EROFS on a read-only mount, once the path itself was found to be good. */
export function resolveArgument(
  ctx: WasiContext,
  fd: number,
  path: number,
  length: number,
  options: { rights: number; follow?: boolean; changes?: boolean },
): PathTarget {
  const directory = directoryOf(ctx, fd, options.rights);
  const resolved = resolvePath(ctx.tree, directory.inode, ctx.memory.string(path, length), options.follow ?? false);
  if (options.changes) ctx.tree.checkWritable(directory.mount);
  return { ...resolved, directory };
}

/** Whether the lookup flags say to follow; EINVAL for flags that do not exist. */
export function followFlag(lookup: number): boolean {
  if ((lookup & ~LOOKUP_SYMLINK_FOLLOW) !== 0) fail(ERRNO.INVAL);
  return lookup !== 0;
}

export function existing(resolved: Resolved): number {
  return resolved.inode ?? fail(ERRNO.NOENT);
}

export function pathFilestatGet(
  ctx: WasiContext,
  fd: number,
  lookup: number,
  path: number,
  length: number,
  stat: number,
): number {
  return pathFilestatWith(writeFilestat, ctx, fd, lookup, path, length, stat);
}

export function pathFilestatWith(
  write: FilestatWriter,
  ctx: WasiContext,
  fd: number,
  lookup: number,
  path: number,
  length: number,
  stat: number,
): number {
  const follow = followFlag(lookup);
  const target = resolveArgument(ctx, fd, path, length, { rights: RIGHTS.PATH_FILESTAT_GET, follow });
  const inode = existing(target);
  write(ctx.memory, stat, inodeFilestat(target.directory.mount, inode, ctx.tree.get(inode)));
  return ERRNO.SUCCESS;
}

export function pathFilestatSetTimes(
  ctx: WasiContext,
  fd: number,
  lookup: number,
  path: number,
  length: number,
  atim: bigint,
  mtim: bigint,
  fstflags: number,
): number {
  const follow = followFlag(lookup);
  const rights = RIGHTS.PATH_FILESTAT_SET_TIMES;
  const inode = existing(resolveArgument(ctx, fd, path, length, { rights, follow, changes: true }));
  return setTimes(ctx.tree, ctx.tree.get(inode), atim, mtim, fstflags);
}

/** Cuts the target off at the buffer's end, without an error (POSIX readlink). */
export function pathReadlink(
  ctx: WasiContext,
  fd: number,
  path: number,
  length: number,
  buffer: number,
  bufferLength: number,
  used: number,
): number {
  const resolved = resolveArgument(ctx, fd, path, length, { rights: RIGHTS.PATH_READLINK });
  const inode = ctx.tree.get(existing(resolved));
  if (inode.kind !== 'symlink') return ERRNO.INVAL;
  const target = utf8.encode(inode.target).subarray(0, bufferLength);
  ctx.memory.check(used, 4);
  ctx.memory.slice(buffer, bufferLength).set(target);
  ctx.memory.setU32(used, target.length);
  return ERRNO.SUCCESS;
}

export function pathCreateDirectory(ctx: WasiContext, fd: number, path: number, length: number): number {
  const rights = RIGHTS.PATH_CREATE_DIRECTORY;
  const resolved = resolveArgument(ctx, fd, path, length, { rights });
  if (resolved.inode !== undefined) return ERRNO.EXIST;
  ctx.tree.checkWritable(resolved.directory.mount);
  ctx.tree.addDirectory(resolved.parent, resolved.name);
  return ERRNO.SUCCESS;
}

export function pathRemoveDirectory(ctx: WasiContext, fd: number, path: number, length: number): number {
  const rights = RIGHTS.PATH_REMOVE_DIRECTORY;
  const resolved = resolveArgument(ctx, fd, path, length, { rights, changes: true });
  const inode = ctx.tree.get(existing(resolved));
  if (inode.kind !== 'dir') return ERRNO.NOTDIR;
  if (resolved.name === '.') return ERRNO.INVAL;
  if (inode.entries.size > 0) return ERRNO.NOTEMPTY;
  ctx.releaseInode(ctx.tree.unlink(resolved.parent, resolved.name));
  return ERRNO.SUCCESS;
}

export function pathUnlinkFile(ctx: WasiContext, fd: number, path: number, length: number): number {
  const resolved = resolveArgument(ctx, fd, path, length, { rights: RIGHTS.PATH_UNLINK_FILE, changes: true });
  if (ctx.tree.get(existing(resolved)).kind === 'dir') return ERRNO.ISDIR;
  ctx.releaseInode(ctx.tree.unlink(resolved.parent, resolved.name));
  return ERRNO.SUCCESS;
}
