/** fd_* calls on any kind of descriptor: reading and writing, flags, closing. What only files have is in fd-file.ts. */
import { ERRNO, FDFLAGS, FDSTAT_BYTES, RIGHTS } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import { type Descriptor, filetypeOf } from '../descriptors.js';
import { output } from '../effects.js';
import { fail } from '../failure.js';
import { readStdin, writeStdio } from '../io/stdio.js';
import { receiveStream, sendStream } from '../io/stream.js';
import { closeShared, readShared, writeShared } from '../shared/files.js';
import { readFile, writeFile } from './fd-file.js';

const SYNC_FLAGS = FDFLAGS.DSYNC | FDFLAGS.RSYNC | FDFLAGS.SYNC;

export function fdRead(ctx: WasiContext, fd: number, iovecs: number, iovecCount: number, count: number): WasiStep {
  const descriptor = checkTransfer(ctx, fd, RIGHTS.FD_READ);
  const target = ctx.memory.iovecs(iovecs, iovecCount);
  switch (descriptor.kind) {
    case 'stdio':
      return readStdin(ctx, descriptor, target, count);
    case 'stream':
      return receiveStream(ctx, descriptor, target, count);
    case 'file':
      return readFile(ctx, descriptor, target, count);
    case 'shared-file':
      return readShared(ctx, descriptor, descriptor.offset, target, count, true);
  }
}

export function fdWrite(ctx: WasiContext, fd: number, iovecs: number, iovecCount: number, count: number): WasiStep {
  const descriptor = checkTransfer(ctx, fd, RIGHTS.FD_WRITE);
  const source = ctx.memory.iovecs(iovecs, iovecCount);
  switch (descriptor.kind) {
    case 'stdio':
      return writeStdio(ctx, descriptor.stdio === 1 ? 1 : 2, source, count);
    case 'stream':
      return sendStream(ctx, descriptor, source, count);
    case 'file':
      return writeFile(ctx, descriptor, source, count);
    case 'shared-file':
      return writeShared(ctx, descriptor, source, count);
  }
}

type Transferable = Exclude<Descriptor, { kind: 'dir' | 'shared-dir' | 'listener' | 'socket' }>;

/** The descriptor of a read or write. Directories are EBADF, as in Wasmtime; listeners say more by ENOTCONN. */
function checkTransfer(ctx: WasiContext, fd: number, right: number): Transferable {
  const descriptor = ctx.fds.get(fd);
  if (descriptor.kind === 'dir' || descriptor.kind === 'shared-dir') return fail(ERRNO.BADF);
  if (descriptor.kind === 'listener' || descriptor.kind === 'socket') return fail(ERRNO.NOTCONN);
  // POSIX: a descriptor that is not open for reading (writing) is a bad one.
  if ((descriptor.rights & right) === 0) return fail(ERRNO.BADF);
  return descriptor;
}

/** Closing a connection is an output: its peer can tell. */
export function fdClose(ctx: WasiContext, fd: number): WasiStep {
  const descriptor = ctx.fds.get(fd);
  return closing(ctx, descriptor, () => ctx.fds.remove(fd));
}

/** Moves `from` to `to`, closing what was there; both must be open. */
export function fdRenumber(ctx: WasiContext, from: number, to: number): WasiStep {
  const moved = ctx.fds.get(from);
  const replaced = ctx.fds.get(to);
  if (from === to) return ERRNO.SUCCESS;
  return closing(ctx, replaced, () => {
    ctx.fds.put(to, moved);
    ctx.fds.remove(from);
  });
}

/** Takes `descriptor` out of the table by `remove`, then lets go of what it stood for. */
function closing(ctx: WasiContext, descriptor: Descriptor, remove: () => void): WasiStep {
  if (descriptor.kind === 'shared-file') return closeShared(descriptor, remove);
  if (descriptor.kind !== 'stream') {
    remove();
    if (descriptor.kind === 'file' || descriptor.kind === 'dir') ctx.releaseInode(descriptor.inode);
    return ERRNO.SUCCESS;
  }
  return output<null>({
    observe: () => null,
    accepts: (value) => value === null,
    apply: (_result, event) => {
      remove();
      ctx.output.close(descriptor.stream, event);
      return ERRNO.SUCCESS;
    },
  });
}

export function fdFdstatGet(ctx: WasiContext, fd: number, stat: number): number {
  const descriptor = ctx.fds.get(fd);
  const { memory } = ctx;
  memory.slice(stat, FDSTAT_BYTES).fill(0);
  // Wasmtime's preopened listeners do not block, and Go waits with poll_oneoff for those only of which it is told so.
  if (isUntouched(descriptor)) descriptor.flags |= FDFLAGS.NONBLOCK;
  touch(descriptor);
  memory.view.setUint8(stat, filetypeOf(descriptor));
  memory.view.setUint16(stat + 2, descriptor.flags, true);
  memory.setU64(stat + 8, BigInt(descriptor.rights));
  memory.setU64(stat + 16, BigInt(descriptor.inheriting));
  return ERRNO.SUCCESS;
}

export function fdFdstatSetFlags(ctx: WasiContext, fd: number, flags: number): number {
  const descriptor = ctx.fds.get(fd, RIGHTS.FD_FDSTAT_SET_FLAGS);
  if ((flags & ~FDFLAGS.ALL) !== 0) return ERRNO.INVAL;
  // As in Wasmtime: how a file is synchronised is decided when it is opened.
  if ((flags & ~descriptor.flags & SYNC_FLAGS) !== 0) return ERRNO.INVAL;
  descriptor.flags = flags;
  touch(descriptor);
  return ERRNO.SUCCESS;
}

function isUntouched(descriptor: Descriptor): boolean {
  return descriptor.kind === 'listener' && descriptor.untouched === true;
}

function touch(descriptor: Descriptor): void {
  if (descriptor.kind === 'listener') delete descriptor.untouched;
}

/** Rights can be given up, never gained. */
export function fdFdstatSetRights(ctx: WasiContext, fd: number, rights: bigint, inheriting: bigint): number {
  const descriptor = ctx.fds.get(fd);
  if (!isSubset(rights, descriptor.rights) || !isSubset(inheriting, descriptor.inheriting)) return ERRNO.NOTCAPABLE;
  descriptor.rights = Number(rights);
  descriptor.inheriting = Number(inheriting);
  return ERRNO.SUCCESS;
}

/** i64 arguments arrive signed; bits above the rights that exist are never a subset. */
function isSubset(rights: bigint, of: number): boolean {
  return (BigInt.asUintN(64, rights) & ~BigInt(of)) === 0n;
}
