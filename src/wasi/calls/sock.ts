/** sock_accept, sock_recv, sock_send, sock_shutdown on connections of the preopened listeners. */
import { ERRNO, FDFLAGS, RIFLAGS, RIGHTS, SDFLAGS } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { StreamDescriptor } from '../descriptors.js';
import { output } from '../effects.js';
import { fail } from '../failure.js';
import { acceptStream, receiveStream, sendStream } from '../io/stream.js';

export function sockAccept(ctx: WasiContext, fd: number, flags: number, fdPointer: number): WasiStep {
  const descriptor = ctx.fds.get(fd);
  if (descriptor.kind === 'stream' || descriptor.kind === 'socket') return ERRNO.INVAL;
  if (descriptor.kind !== 'listener') return ERRNO.NOTSOCK;
  if ((descriptor.rights & RIGHTS.SOCK_ACCEPT) === 0) return ERRNO.NOTCAPABLE;
  if ((flags & ~FDFLAGS.NONBLOCK) !== 0) return ERRNO.INVAL;
  return acceptStream(ctx, descriptor, flags, fdPointer);
}

export function sockRecv(
  ctx: WasiContext,
  fd: number,
  iovecs: number,
  iovecCount: number,
  riflags: number,
  lengthPointer: number,
  roflagsPointer: number,
): WasiStep {
  const stream = streamOf(ctx, fd, RIGHTS.FD_READ);
  if ((riflags & ~RIFLAGS.ALL) !== 0) return ERRNO.INVAL;
  const target = ctx.memory.iovecs(iovecs, iovecCount);
  // A byte stream is never truncated (roflags), whatever else happens.
  ctx.memory.setU16(roflagsPointer, 0);
  return receiveStream(ctx, stream, target, lengthPointer, riflags);
}

export function sockSend(
  ctx: WasiContext,
  fd: number,
  iovecs: number,
  iovecCount: number,
  siflags: number,
  lengthPointer: number,
): WasiStep {
  const stream = streamOf(ctx, fd, RIGHTS.FD_WRITE);
  if (siflags !== 0) return ERRNO.INVAL;
  return sendStream(ctx, stream, ctx.memory.iovecs(iovecs, iovecCount), lengthPointer);
}

export function sockShutdown(ctx: WasiContext, fd: number, how: number): WasiStep {
  const stream = streamOf(ctx, fd, RIGHTS.SOCK_SHUTDOWN);
  if (how === 0 || (how & ~SDFLAGS.ALL) !== 0) return ERRNO.INVAL;
  return output<null>({
    observe: () => null,
    accepts: (value) => value === null,
    apply: (_result, event) => {
      stream.readShut ||= (how & SDFLAGS.RD) !== 0;
      stream.writeShut ||= (how & SDFLAGS.WR) !== 0;
      ctx.output.shutdown(stream.stream, how === SDFLAGS.ALL ? 'both' : how === SDFLAGS.RD ? 'read' : 'write', event);
      return ERRNO.SUCCESS;
    },
  });
}

function streamOf(ctx: WasiContext, fd: number, rights: number): StreamDescriptor {
  const descriptor = ctx.fds.get(fd);
  if (descriptor.kind === 'listener' || descriptor.kind === 'socket') return fail(ERRNO.NOTCONN);
  if (descriptor.kind !== 'stream') return fail(ERRNO.NOTSOCK);
  if ((descriptor.rights & rights) !== rights) fail(ERRNO.NOTCAPABLE);
  return descriptor;
}
