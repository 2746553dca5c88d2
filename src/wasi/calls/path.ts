/** path_* calls that look at or change what a name leads to. */
import { ERRNO, LOOKUP_SYMLINK_FOLLOW, RIGHTS } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { DirectoryDescriptor } from '../descriptors.js';
import { fail } from '../failure.js';
import {
  checkTimeFlags,
  type Filestat,
  type FilestatWriter,
  inodeFilestat,
  setTimes,
  writeFilestat,
} from '../fs/filestat.js';
import { type Resolved, resolvePath, withoutSlashes } from '../fs/resolve.js';
import type { SharedTarget } from '../shared/directories.js';
import { requestedTimes } from '../shared/files.js';
import * as shared from '../shared/paths.js';
import { directoryOf } from './fd-dir.js';

const utf8 = new TextEncoder();

export interface PathTarget extends Resolved {
  readonly directory: DirectoryDescriptor;
}

interface PrivatePath {
  readonly directory: DirectoryDescriptor;
  readonly path: string;
  readonly follow: boolean;
}

type PathArgument = PrivatePath | SharedTarget;

/** A path and the descriptor of the directory that it starts from. */
export function pathArgument(
  ctx: WasiContext,
  fd: number,
  path: number,
  length: number,
  rights: number,
  follow = false,
): PathArgument {
  const directory = directoryOf(ctx, fd, rights);
  return { directory, path: ctx.memory.string(path, length), follow } as PathArgument;
}

/** The path of a name that is to be made or taken away, see {@link withoutSlashes}. */
export function nameArgument(
  ctx: WasiContext,
  fd: number,
  path: number,
  length: number,
  rights: number,
): PathArgument & { readonly slash: boolean } {
  const argument = pathArgument(ctx, fd, path, length, rights);
  return { ...argument, path: withoutSlashes(argument.path), slash: argument.path.endsWith('/') };
}

export function isShared(target: PathArgument): target is SharedTarget {
  return target.directory.kind === 'shared-dir';
}

/** Resolves a path in the private tree; `changes`: EROFS on a read-only mount, once the path itself was found to be good. */
export function resolveArgument(ctx: WasiContext, argument: PrivatePath, changes = false): PathTarget {
  const { directory, path, follow } = argument;
  const resolved = resolvePath(ctx.tree, directory.inode, path, follow);
  if (changes) ctx.tree.checkWritable(directory.mount);
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
): WasiStep {
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
): WasiStep {
  const argument = pathArgument(ctx, fd, path, length, RIGHTS.PATH_FILESTAT_GET, followFlag(lookup));
  const report = (found: Filestat): number => {
    write(ctx.memory, stat, found);
    return ERRNO.SUCCESS;
  };
  if (isShared(argument)) return shared.statPath(argument, report);
  const target = resolveArgument(ctx, argument);
  const inode = existing(target);
  return report(inodeFilestat(target.directory.mount, inode, ctx.tree.get(inode)));
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
): WasiStep {
  const argument = pathArgument(ctx, fd, path, length, RIGHTS.PATH_FILESTAT_SET_TIMES, followFlag(lookup));
  checkTimeFlags(fstflags);
  if (isShared(argument)) return shared.setPathTimes(ctx, argument, requestedTimes(atim, mtim, fstflags));
  const inode = existing(resolveArgument(ctx, argument, true));
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
): WasiStep {
  const argument = pathArgument(ctx, fd, path, length, RIGHTS.PATH_READLINK);
  const report = (content: string): number => {
    const target = utf8.encode(content).subarray(0, bufferLength);
    ctx.memory.check(used, 4);
    ctx.memory.slice(buffer, bufferLength).set(target);
    ctx.memory.setU32(used, target.length);
    return ERRNO.SUCCESS;
  };
  if (isShared(argument)) return shared.readLink(argument, report);
  const inode = ctx.tree.get(existing(resolveArgument(ctx, argument)));
  return inode.kind === 'symlink' ? report(inode.target) : ERRNO.INVAL;
}

export function pathCreateDirectory(ctx: WasiContext, fd: number, path: number, length: number): WasiStep {
  const argument = nameArgument(ctx, fd, path, length, RIGHTS.PATH_CREATE_DIRECTORY);
  if (isShared(argument)) return shared.createDirectory(ctx, argument);
  const resolved = resolveArgument(ctx, argument);
  if (resolved.inode !== undefined) return ERRNO.EXIST;
  ctx.tree.checkWritable(resolved.directory.mount);
  ctx.tree.addDirectory(resolved.parent, resolved.name);
  return ERRNO.SUCCESS;
}

export function pathRemoveDirectory(ctx: WasiContext, fd: number, path: number, length: number): WasiStep {
  const argument = nameArgument(ctx, fd, path, length, RIGHTS.PATH_REMOVE_DIRECTORY);
  if (isShared(argument)) return shared.removeDirectory(ctx, argument);
  const resolved = resolveArgument(ctx, argument, true);
  const inode = ctx.tree.get(existing(resolved));
  if (inode.kind !== 'dir') return ERRNO.NOTDIR;
  if (resolved.name === '.') return ERRNO.INVAL;
  if (inode.entries.size > 0) return ERRNO.NOTEMPTY;
  ctx.releaseInode(ctx.tree.unlink(resolved.parent, resolved.name));
  return ERRNO.SUCCESS;
}

export function pathUnlinkFile(ctx: WasiContext, fd: number, path: number, length: number): WasiStep {
  const argument = pathArgument(ctx, fd, path, length, RIGHTS.PATH_UNLINK_FILE);
  if (isShared(argument)) return shared.unlinkFile(ctx, argument);
  const resolved = resolveArgument(ctx, argument, true);
  if (ctx.tree.get(existing(resolved)).kind === 'dir') return ERRNO.ISDIR;
  ctx.releaseInode(ctx.tree.unlink(resolved.parent, resolved.name));
  return ERRNO.SUCCESS;
}
