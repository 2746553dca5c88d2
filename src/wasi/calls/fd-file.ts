/**
 * fd_* calls on files: offsets, positioned transfers, sizes, times. Pure on the private tree; what shared storage has to say
 * is asked in ../shared.
 */
import { ERRNO, FDFLAGS, RIGHTS, WHENCE } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import {
  type Descriptor,
  type FileDescriptor,
  filetypeOf,
  type RegularFile,
  type SharedDirectoryDescriptor,
} from '../descriptors.js';
import { fail } from '../failure.js';
import { FILE_BYTES_MAX, grow, readAt, resize, writeAt } from '../fs/content.js';
import {
  checkTimeFlags,
  type Filestat,
  type FilestatWriter,
  inodeFilestat,
  plainFilestat,
  setTimes,
  writeFilestat,
} from '../fs/filestat.js';
import type { FileInode } from '../fs/inode.js';
import { reportCount } from '../io/stream.js';
import type { Iovecs } from '../memory.js';
import type { SharedTarget } from '../shared/directories.js';
import {
  growShared,
  lookAtSize,
  pwriteShared,
  readShared,
  requestedTimes,
  resizeShared,
  setTimesShared,
  statShared,
  syncShared,
} from '../shared/files.js';
import { setPathTimes, statPath } from '../shared/paths.js';

const ADVICE_MAX = 5;

/** A descriptor of a file; ESPIPE for what has no offset, EBADF for directories. */
export function fileOf(ctx: WasiContext, fd: number, rights: number): RegularFile {
  const descriptor = ctx.fds.get(fd);
  if (descriptor.kind === 'dir' || descriptor.kind === 'shared-dir') return fail(ERRNO.BADF);
  if (descriptor.kind !== 'file' && descriptor.kind !== 'shared-file') return fail(ERRNO.SPIPE);
  if ((descriptor.rights & rights) !== rights) fail(ERRNO.NOTCAPABLE);
  return descriptor;
}

function contentOf(ctx: WasiContext, file: FileDescriptor): FileInode {
  const inode = ctx.tree.get(file.inode);
  return inode.kind === 'file' ? inode : fail(ERRNO.BADF);
}

export function readFile(ctx: WasiContext, file: FileDescriptor, target: Iovecs, count: number): number {
  ctx.memory.check(count, 4);
  const length = readAt(contentOf(ctx, file), file.offset, target);
  file.offset += length;
  return reportCount(ctx, count, length);
}

export function writeFile(ctx: WasiContext, file: FileDescriptor, source: Iovecs, count: number): number {
  ctx.memory.check(count, 4);
  const inode = contentOf(ctx, file);
  const offset = (file.flags & FDFLAGS.APPEND) !== 0 ? inode.size : file.offset;
  store(ctx, inode, offset, source);
  file.offset = offset + source.total;
  return reportCount(ctx, count, source.total);
}

function store(ctx: WasiContext, inode: FileInode, offset: number, source: Iovecs): void {
  if (source.total === 0) return;
  writeAt(ctx.tree.state, inode, offset, source);
  ctx.tree.touch(inode);
}

export function fdPread(
  ctx: WasiContext,
  fd: number,
  iovecs: number,
  iovecCount: number,
  offset: bigint,
  count: number,
): WasiStep {
  const file = fileOf(ctx, fd, 0);
  if ((file.rights & RIGHTS.FD_READ) === 0) return ERRNO.BADF;
  if ((file.rights & RIGHTS.FD_SEEK) === 0) return ERRNO.NOTCAPABLE;
  const target = ctx.memory.iovecs(iovecs, iovecCount);
  ctx.memory.check(count, 4);
  const at = position(offset);
  if (file.kind === 'shared-file') return readShared(ctx, file, at, target, count);
  return reportCount(ctx, count, readAt(contentOf(ctx, file), at, target));
}

export function fdPwrite(
  ctx: WasiContext,
  fd: number,
  iovecs: number,
  iovecCount: number,
  offset: bigint,
  count: number,
): WasiStep {
  const file = fileOf(ctx, fd, 0);
  if ((file.rights & RIGHTS.FD_WRITE) === 0) return ERRNO.BADF;
  if ((file.rights & RIGHTS.FD_SEEK) === 0) return ERRNO.NOTCAPABLE;
  const source = ctx.memory.iovecs(iovecs, iovecCount);
  ctx.memory.check(count, 4);
  const at = position(offset);
  if (file.kind === 'shared-file') return pwriteShared(ctx, file, at, source, count);
  store(ctx, contentOf(ctx, file), at, source);
  return reportCount(ctx, count, source.total);
}

/** An i64 that must be an offset: EINVAL if negative; beyond 2^53 there is nothing to tell apart. */
function position(offset: bigint): number {
  if (offset < 0n) fail(ERRNO.INVAL);
  return Math.min(Number(offset), Number.MAX_SAFE_INTEGER);
}

export function fdSeek(ctx: WasiContext, fd: number, offset: bigint, whence: number, newOffset: number): WasiStep {
  const file = fileOf(ctx, fd, 0);
  const isTell = offset === 0n && whence === WHENCE.CUR && (file.rights & RIGHTS.FD_TELL) !== 0;
  if (!isTell && (file.rights & RIGHTS.FD_SEEK) === 0) return ERRNO.NOTCAPABLE;
  ctx.memory.check(newOffset, 8);
  const seekFrom = (base: number): number => seekTo(ctx, file, BigInt(base) + offset, newOffset);
  switch (whence) {
    case WHENCE.SET:
      return seekFrom(0);
    case WHENCE.CUR:
      return seekFrom(file.offset);
    case WHENCE.END:
      return file.kind === 'shared-file' ? lookAtSize(file, seekFrom) : seekFrom(contentOf(ctx, file).size);
    default:
      return ERRNO.INVAL;
  }
}

function seekTo(ctx: WasiContext, file: RegularFile, target: bigint, newOffset: number): number {
  if (target < 0n) return ERRNO.INVAL;
  if (target > Number.MAX_SAFE_INTEGER) return ERRNO.OVERFLOW;
  file.offset = Number(target);
  ctx.memory.setU64(newOffset, target);
  return ERRNO.SUCCESS;
}

export function fdTell(ctx: WasiContext, fd: number, offset: number): number {
  ctx.memory.setU64(offset, BigInt(fileOf(ctx, fd, RIGHTS.FD_TELL).offset));
  return ERRNO.SUCCESS;
}

export function fdAdvise(ctx: WasiContext, fd: number, offset: bigint, length: bigint, advice: number): number {
  fileOf(ctx, fd, RIGHTS.FD_ADVISE);
  return advice > ADVICE_MAX || offset < 0n || length < 0n ? ERRNO.INVAL : ERRNO.SUCCESS;
}

export function fdAllocate(ctx: WasiContext, fd: number, offset: bigint, length: bigint): WasiStep {
  const file = fileOf(ctx, fd, RIGHTS.FD_ALLOCATE);
  if (offset < 0n || length <= 0n) return ERRNO.INVAL;
  const end = offset + length;
  if (file.kind === 'shared-file') return growShared(ctx, file, position(end));
  if (end > FILE_BYTES_MAX) return ERRNO.FBIG;
  grow(ctx.tree.state, contentOf(ctx, file), Number(end));
  return ERRNO.SUCCESS;
}

export function fdFilestatSetSize(ctx: WasiContext, fd: number, size: bigint): WasiStep {
  const file = fileOf(ctx, fd, RIGHTS.FD_FILESTAT_SET_SIZE);
  if (size < 0n) return ERRNO.INVAL;
  if (file.kind === 'shared-file') return resizeShared(ctx, file, position(size));
  if (size > FILE_BYTES_MAX) return ERRNO.FBIG;
  const inode = contentOf(ctx, file);
  resize(ctx.tree.state, inode, Number(size));
  ctx.tree.touch(inode);
  return ERRNO.SUCCESS;
}

export function fdFilestatSetTimes(
  ctx: WasiContext,
  fd: number,
  atim: bigint,
  mtim: bigint,
  fstflags: number,
): WasiStep {
  const descriptor = ctx.fds.get(fd, RIGHTS.FD_FILESTAT_SET_TIMES);
  checkTimeFlags(fstflags);
  const times = requestedTimes(atim, mtim, fstflags);
  if (descriptor.kind === 'shared-file') return setTimesShared(ctx, descriptor, times);
  if (descriptor.kind === 'shared-dir') return setPathTimes(ctx, itself(descriptor), times);
  if (descriptor.kind !== 'file' && descriptor.kind !== 'dir') return ERRNO.BADF;
  ctx.tree.checkWritable(descriptor.mount);
  return setTimes(ctx.tree, ctx.tree.get(descriptor.inode), atim, mtim, fstflags);
}

export function fdFilestatGet(ctx: WasiContext, fd: number, stat: number): WasiStep {
  return filestatWith(writeFilestat, ctx, fd, stat);
}

export function filestatWith(write: FilestatWriter, ctx: WasiContext, fd: number, stat: number): WasiStep {
  const descriptor = ctx.fds.get(fd, RIGHTS.FD_FILESTAT_GET);
  const report = (found: Filestat): number => {
    write(ctx.memory, stat, found);
    return ERRNO.SUCCESS;
  };
  switch (descriptor.kind) {
    case 'shared-file':
      return statShared(descriptor, report);
    case 'shared-dir':
      return statPath(itself(descriptor), report);
    case 'file':
    case 'dir':
      return report(inodeFilestat(descriptor.mount, descriptor.inode, ctx.tree.get(descriptor.inode)));
    default:
      return report(plainFilestat(filetypeOf(descriptor)));
  }
}

function itself(directory: SharedDirectoryDescriptor): SharedTarget {
  return { directory, path: '.', follow: false };
}

export function fdSync(ctx: WasiContext, fd: number): WasiStep {
  return sync(ctx.fds.get(fd, RIGHTS.FD_SYNC));
}

export function fdDatasync(ctx: WasiContext, fd: number): WasiStep {
  return sync(ctx.fds.get(fd, RIGHTS.FD_DATASYNC));
}

/** The private tree has no disk behind it: what was written there is as safe as it will ever be. */
function sync(descriptor: Descriptor): WasiStep {
  return descriptor.kind === 'shared-file' ? syncShared(descriptor) : ERRNO.SUCCESS;
}
