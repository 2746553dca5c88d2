/** path_open. */
import { ERRNO, FDFLAGS, LOOKUP_SYMLINK_FOLLOW, OFLAGS, RIGHTS } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { Descriptor, Directory, DirectoryDescriptor } from '../descriptors.js';
import { fail } from '../failure.js';
import { resize } from '../fs/content.js';
import { checkDirectoryOpen, isExclusive, type OpenArguments } from '../fs/open-arguments.js';
import { type Resolved, resolvePath, withoutSlashes } from '../fs/resolve.js';
import { DIRECTORY_RIGHTS, FILE_RIGHTS } from '../rights.js';
import { locate } from '../shared/directories.js';
import { openShared } from '../shared/open.js';
import { directoryOf } from './fd-dir.js';

interface OpenRequest extends OpenArguments {
  readonly directory: DirectoryDescriptor;
}

export function pathOpen(
  ctx: WasiContext,
  fd: number,
  lookup: number,
  path: number,
  pathLength: number,
  oflags: number,
  rightsBase: bigint,
  rightsInheriting: bigint,
  fdflags: number,
  fdPointer: number,
): WasiStep {
  const directory = directoryOf(ctx, fd, neededRights(oflags));
  const name = ctx.memory.string(path, pathLength);
  ctx.memory.check(fdPointer, 4);
  checkFlags(lookup, oflags, fdflags);
  ctx.fds.checkRoom();
  const rights = Number((rightsBase | IMPLIED_RIGHTS) & BigInt(directory.inheriting));
  const inheriting = Number(rightsInheriting & BigInt(directory.inheriting));
  const follow = (lookup & LOOKUP_SYMLINK_FOLLOW) !== 0 && !isExclusive(oflags);
  const request: OpenArguments = { oflags, rights, inheriting, fdflags };
  const report = (opened: number): number => {
    ctx.memory.setU32(fdPointer, opened);
    return ERRNO.SUCCESS;
  };
  if (oflags & OFLAGS.CREAT && name.endsWith('/')) return refuseDirectory(ctx, directory, withoutSlashes(name));
  if (directory.kind === 'shared-dir') return openShared(ctx, { directory, path: name, follow }, request, report);
  const resolved = resolvePath(ctx.tree, directory.inode, name, follow);
  return report(ctx.fds.insert(open(ctx, { directory, ...request }, resolved)));
}

/** A file cannot be made under a name that says that it is a directory: EISDIR as in Linux, if the name itself is good. */
function refuseDirectory(ctx: WasiContext, directory: Directory, path: string): WasiStep {
  if (directory.kind === 'shared-dir') return locate({ directory, path, follow: false }, () => ERRNO.ISDIR);
  resolvePath(ctx.tree, directory.inode, path, false);
  return ERRNO.ISDIR;
}

/** Go opens directories without the right to truncate files in them, and does it all the same: Wasmtime never looks. */
const IMPLIED_RIGHTS = BigInt(RIGHTS.PATH_FILESTAT_SET_SIZE);

function neededRights(oflags: number): number {
  let rights: number = RIGHTS.PATH_OPEN;
  if (oflags & OFLAGS.CREAT) rights |= RIGHTS.PATH_CREATE_FILE;
  if (oflags & OFLAGS.TRUNC) rights |= RIGHTS.PATH_FILESTAT_SET_SIZE;
  return rights;
}

function checkFlags(lookup: number, oflags: number, fdflags: number): void {
  if ((lookup & ~LOOKUP_SYMLINK_FOLLOW) !== 0) fail(ERRNO.INVAL);
  if ((oflags & ~OFLAGS.ALL) !== 0 || (fdflags & ~FDFLAGS.ALL) !== 0) fail(ERRNO.INVAL);
  if (oflags & OFLAGS.DIRECTORY && oflags & (OFLAGS.CREAT | OFLAGS.EXCL | OFLAGS.TRUNC)) fail(ERRNO.INVAL);
}

function open(ctx: WasiContext, request: OpenRequest, resolved: Resolved): Descriptor {
  if (resolved.inode === undefined) return openFile(ctx, request, create(ctx, request, resolved));
  if (isExclusive(request.oflags)) return fail(ERRNO.EXIST);
  switch (ctx.tree.get(resolved.inode).kind) {
    case 'symlink':
      return fail(ERRNO.LOOP);
    case 'dir':
      return openDirectory(request, resolved.inode);
    case 'file':
      if (request.oflags & OFLAGS.DIRECTORY) return fail(ERRNO.NOTDIR);
      truncate(ctx, request, resolved.inode);
      return openFile(ctx, request, resolved.inode);
  }
}

function create(ctx: WasiContext, request: OpenRequest, resolved: Resolved): number {
  if ((request.oflags & OFLAGS.CREAT) === 0) fail(ERRNO.NOENT);
  ctx.tree.checkWritable(request.directory.mount);
  return ctx.tree.addFile(resolved.parent, resolved.name);
}

function truncate(ctx: WasiContext, request: OpenRequest, number: number): void {
  if ((request.oflags & OFLAGS.TRUNC) === 0) return;
  ctx.tree.checkWritable(request.directory.mount);
  const inode = ctx.tree.get(number);
  if (inode.kind !== 'file') return;
  resize(ctx.tree.state, inode, 0);
  ctx.tree.touch(inode);
}

/** EROFS when a file of a read-only mount is opened for writing. */
function openFile(ctx: WasiContext, request: OpenRequest, inode: number): Descriptor {
  const { mount } = request.directory;
  const rights = request.rights & FILE_RIGHTS;
  if (rights & RIGHTS.FD_WRITE) ctx.tree.checkWritable(mount);
  return { kind: 'file', mount, inode, offset: 0, rights, inheriting: 0, flags: request.fdflags };
}

function openDirectory(request: OpenRequest, inode: number): Descriptor {
  const { mount } = request.directory;
  checkDirectoryOpen(request);
  const rights = request.rights & DIRECTORY_RIGHTS;
  const { inheriting } = request;
  return { kind: 'dir', mount, inode, preopen: null, listing: null, rights, inheriting, flags: request.fdflags };
}
