/** path_symlink, path_link, path_rename. */
import { ERRNO, PATH_BYTES_MAX, RIGHTS } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { Inode } from '../fs/inode.js';
import * as shared from '../shared/paths.js';
import {
  existing,
  followFlag,
  isShared,
  nameArgument,
  type PathTarget,
  pathArgument,
  resolveArgument,
} from './path.js';

export function pathSymlink(
  ctx: WasiContext,
  oldPath: number,
  oldLength: number,
  fd: number,
  newPath: number,
  newLength: number,
): WasiStep {
  const argument = pathArgument(ctx, fd, newPath, newLength, RIGHTS.PATH_SYMLINK);
  const target = ctx.memory.string(oldPath, oldLength);
  if (target === '') return ERRNO.NOENT;
  // A link out of the tree could never be followed; Wasmtime refuses to make one.
  if (target.startsWith('/')) return ERRNO.PERM;
  if (oldLength >= PATH_BYTES_MAX) return ERRNO.NAMETOOLONG;
  if (isShared(argument)) return shared.createSymlink(ctx, argument, target);
  const resolved = resolveArgument(ctx, argument);
  if (resolved.inode !== undefined) return ERRNO.EXIST;
  if (resolved.mustBeDirectory) return ERRNO.NOENT;
  ctx.tree.checkWritable(resolved.directory.mount);
  ctx.tree.addSymlink(resolved.parent, resolved.name, target);
  return ERRNO.SUCCESS;
}

export function pathLink(
  ctx: WasiContext,
  oldFd: number,
  lookup: number,
  oldPath: number,
  oldLength: number,
  newFd: number,
  newPath: number,
  newLength: number,
): WasiStep {
  // As in Wasmtime: a hard link is made to the name that was given, never to what a symbolic link points at.
  if (followFlag(lookup)) return ERRNO.INVAL;
  const from = pathArgument(ctx, oldFd, oldPath, oldLength, RIGHTS.PATH_LINK_SOURCE);
  const to = pathArgument(ctx, newFd, newPath, newLength, RIGHTS.PATH_LINK_TARGET);
  if (isShared(from) && isShared(to)) return shared.createLink(ctx, from, to);
  if (isShared(from) || isShared(to)) return ERRNO.XDEV;
  const source = resolveArgument(ctx, from);
  const inode = existing(source);
  const target = resolveArgument(ctx, to);
  if (target.inode !== undefined) return ERRNO.EXIST;
  if (ctx.tree.get(inode).kind === 'dir') return ERRNO.PERM;
  if (target.mustBeDirectory) return ERRNO.NOENT;
  if (source.directory.mount !== target.directory.mount) return ERRNO.XDEV;
  ctx.tree.checkWritable(target.directory.mount);
  ctx.tree.link(target.parent, target.name, inode);
  return ERRNO.SUCCESS;
}

export function pathRename(
  ctx: WasiContext,
  fd: number,
  oldPath: number,
  oldLength: number,
  newFd: number,
  newPath: number,
  newLength: number,
): WasiStep {
  const from = nameArgument(ctx, fd, oldPath, oldLength, RIGHTS.PATH_RENAME_SOURCE);
  const to = nameArgument(ctx, newFd, newPath, newLength, RIGHTS.PATH_RENAME_TARGET);
  const mustBeDirectory = from.slash || to.slash;
  if (isShared(from) && isShared(to)) return shared.rename(ctx, from, to, mustBeDirectory);
  if (isShared(from) || isShared(to)) return ERRNO.XDEV;
  const source = resolveArgument(ctx, from, true);
  const inode = existing(source);
  const target = resolveArgument(ctx, to, true);
  const errno = checkRename(ctx, source, inode, target, mustBeDirectory);
  if (errno !== ERRNO.SUCCESS || target.inode === inode) return errno;
  if (target.inode !== undefined) ctx.releaseInode(ctx.tree.unlink(target.parent, target.name));
  ctx.tree.unlink(source.parent, source.name);
  ctx.tree.link(target.parent, target.name, inode);
  return ERRNO.SUCCESS;
}

/** The errors of POSIX rename(), before anything has changed. */
function checkRename(
  ctx: WasiContext,
  source: PathTarget,
  inode: number,
  target: PathTarget,
  mustBeDirectory: boolean,
): number {
  if (source.directory.mount !== target.directory.mount) return ERRNO.XDEV;
  if (source.name === '.' || target.name === '.') return ERRNO.BUSY;
  const moved = ctx.tree.get(inode);
  if (mustBeDirectory && moved.kind !== 'dir') return ERRNO.NOTDIR;
  if (moved.kind === 'dir' && ctx.tree.isWithin(target.parent, inode)) return ERRNO.INVAL;
  // What is renamed lies in there.
  if (target.inode !== undefined && ctx.tree.isWithin(source.parent, target.inode)) return ERRNO.NOTEMPTY;
  if (ctx.tree.directory(target.parent).links === 0) return ERRNO.NOENT;
  return target.inode === undefined ? ERRNO.SUCCESS : checkReplace(moved, ctx.tree.get(target.inode));
}

function checkReplace(moved: Inode, replaced: Inode): number {
  if (moved.kind !== 'dir') return replaced.kind === 'dir' ? ERRNO.ISDIR : ERRNO.SUCCESS;
  if (replaced.kind !== 'dir') return ERRNO.NOTDIR;
  return replaced.entries.size > 0 && replaced !== moved ? ERRNO.NOTEMPTY : ERRNO.SUCCESS;
}
