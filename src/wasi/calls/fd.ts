/** fd_* calls on any kind of descriptor: reading and writing, flags, closing. What only files have is in fd-file.ts. */
import { ERRNO, FDFLAGS, FDSTAT_BYTES, RIGHTS } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import { type Descriptor, filetypeOf } from '../descriptors.js';
import { output } from '../effects.js';
import { fail } from '../failure.js';
import { readStdin, writeStdio } from '../io/stdio.js';
import { receiveStream, sendStream } from '../io/stream.js';
import type { Iovecs } from '../memory.js';

export function fdRead(ctx: WasiContext, fd: number, iovecs: number, iovecCount: number, count: number): WasiStep {
  const descriptor = checkTransfer(ctx, fd, RIGHTS.FD_READ);
  const target = ctx.memory.iovecs(iovecs, iovecCount);
  switch (descriptor.kind) {
    case 'stdio':
      return readStdin(ctx, descriptor, target, count);
    case 'stream':
      return receiveStream(ctx, descriptor, target, count);
    default:
      return ERRNO.NOTSUP;
  }
}

export function fdWrite(ctx: WasiContext, fd: number, iovecs: number, iovecCount: number, count: number): WasiStep {
  const descriptor = checkTransfer(ctx, fd, RIGHTS.FD_WRITE);
  const source: Iovecs = ctx.memory.iovecs(iovecs, iovecCount);
  switch (descriptor.kind) {
    case 'stdio':
      return writeStdio(ctx, descriptor.stdio === 1 ? 1 : 2, source, count);
    case 'stream':
      return sendStream(ctx, descriptor, source, count);
    default:
      return ERRNO.NOTSUP;
  }
}

/** The descriptor of a read or write; EISDIR and ENOTCONN come before the rights, as they say more. */
function checkTransfer(ctx: WasiContext, fd: number, right: number): Descriptor {
  const descriptor = ctx.fds.get(fd);
  if (descriptor.kind === 'dir') return fail(ERRNO.ISDIR);
  if (descriptor.kind === 'listener') return fail(ERRNO.NOTCONN);
  // POSIX: a descriptor that is not open for reading (writing) is a bad one.
  if ((descriptor.rights & right) === 0) return fail(ERRNO.BADF);
  return descriptor;
}

/** Closing a connection is an output: its peer can tell. */
export function fdClose(ctx: WasiContext, fd: number): WasiStep {
  const descriptor = ctx.fds.get(fd);
  if (descriptor.kind !== 'stream') {
    ctx.fds.remove(fd);
    return ERRNO.SUCCESS;
  }
  return output<null>({
    observe: () => null,
    accepts: (value) => value === null,
    apply: (_result, event) => {
      ctx.fds.remove(fd);
      ctx.output.close(descriptor.stream, event);
      return ERRNO.SUCCESS;
    },
  });
}

export function fdFdstatGet(ctx: WasiContext, fd: number, stat: number): number {
  const descriptor = ctx.fds.get(fd);
  const { memory } = ctx;
  memory.slice(stat, FDSTAT_BYTES).fill(0);
  memory.view.setUint8(stat, filetypeOf(descriptor));
  memory.view.setUint16(stat + 2, descriptor.flags, true);
  memory.setU64(stat + 8, BigInt(descriptor.rights));
  memory.setU64(stat + 16, BigInt(descriptor.inheriting));
  return ERRNO.SUCCESS;
}

export function fdFdstatSetFlags(ctx: WasiContext, fd: number, flags: number): number {
  const descriptor = ctx.fds.get(fd, RIGHTS.FD_FDSTAT_SET_FLAGS);
  if ((flags & ~FDFLAGS.ALL) !== 0) return ERRNO.INVAL;
  descriptor.flags = flags;
  return ERRNO.SUCCESS;
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

/** No directory is preopened yet at this fd: programs stop looking at the first EBADF. */
export function fdPrestatGet(ctx: WasiContext, fd: number, _prestat: number): number {
  ctx.fds.get(fd);
  return ERRNO.BADF;
}
