/**
 * Client connections: receive, send, accept. `observe` asks the network how much there is or how much fits; `apply` moves
 * the offsets and hands the bytes to the output sink, live and replayed alike.
 */
import type { LoggedValue } from '../../log/entry.js';
import { ERRNO, FDFLAGS, RIFLAGS } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { ListenerDescriptor, StreamDescriptor } from '../descriptors.js';
import { input, output } from '../effects.js';
import type { LiveWorld } from '../live.js';
import { gather, type Iovecs, scatter } from '../memory.js';
import { isBytesOrErrno, isCount } from '../results.js';
import { STREAM_RIGHTS } from '../rights.js';

/** Where receive and send report their count. */
type CountPointer = number;

const NO_BYTES = new Uint8Array(0);

export function receiveStream(
  ctx: WasiContext,
  stream: StreamDescriptor,
  target: Iovecs,
  count: CountPointer,
  riflags = 0,
): WasiStep {
  ctx.memory.check(count, 4);
  if (stream.readShut || target.total === 0) return reportCount(ctx, count, 0);
  return input<Uint8Array | number>({
    observe: (live) => receiveLive(live, stream, target.total, riflags),
    accepts: (value) => isBytesOrErrno(value, target.total),
    apply: (received) => {
      if (typeof received === 'number') return -received;
      scatter(target, received);
      if ((riflags & RIFLAGS.PEEK) === 0) stream.inputOffset += received.length;
      return reportCount(ctx, count, received.length);
    },
  });
}

function receiveLive(live: LiveWorld, stream: StreamDescriptor, max: number, riflags: number): Uint8Array | number {
  const { network } = live;
  const nonblocking = (stream.flags & FDFLAGS.NONBLOCK) !== 0;
  const wanted = (riflags & RIFLAGS.WAITALL) !== 0 && !nonblocking ? max : 1;
  const peek = (riflags & RIFLAGS.PEEK) !== 0;
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    if (network.isReset(stream.stream)) return length > 0 ? join(parts, length) : -ERRNO.CONNRESET;
    if (network.readable(stream.stream) > 0 && (!peek || length === 0)) {
      const part = network.receive(stream.stream, max - length, peek).slice();
      parts.push(part);
      length += part.length;
    }
    if (length >= wanted || (peek && length > 0)) return join(parts, length);
    if (network.ended(stream.stream) && network.readable(stream.stream) === 0) return join(parts, length);
    if (nonblocking) return -ERRNO.AGAIN;
    live.waiter.wait(undefined);
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  if (length === 0) return NO_BYTES;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function sendStream(ctx: WasiContext, stream: StreamDescriptor, source: Iovecs, count: CountPointer): WasiStep {
  ctx.memory.check(count, 4);
  if (stream.writeShut) return ERRNO.PIPE;
  if (source.total === 0) return reportCount(ctx, count, 0);
  let bytes: Uint8Array = NO_BYTES;
  return output<number>({
    observe: (live) => acceptedLive(live, stream, source.total),
    accepts: (value) => isCount(value, source.total),
    digest: (accepted, digest) => {
      if (accepted <= 0) return;
      bytes = gather(source, accepted);
      digest.updateBytes(bytes);
    },
    apply: (accepted, event) => {
      if (accepted < 0) return -accepted;
      ctx.output.send(stream.stream, bytes, event);
      stream.outputOffset += accepted;
      return reportCount(ctx, count, accepted);
    },
  });
}

/** How many bytes the stream's output window takes; at least one unless it is an errno. */
function acceptedLive(live: LiveWorld, stream: StreamDescriptor, total: number): number {
  for (;;) {
    if (live.network.isReset(stream.stream)) return -ERRNO.CONNRESET;
    const writable = live.network.writable(stream.stream);
    if (writable > 0) return Math.min(writable, total);
    if ((stream.flags & FDFLAGS.NONBLOCK) !== 0) return -ERRNO.AGAIN;
    live.waiter.wait(undefined);
  }
}

/** `fdflags` apply to the new descriptor, whose number is written to `fdPointer`. Result: the stream's id. */
export function acceptStream(
  ctx: WasiContext,
  listener: ListenerDescriptor,
  fdflags: number,
  fdPointer: number,
): WasiStep {
  ctx.memory.check(fdPointer, 4);
  ctx.fds.checkRoom();
  delete listener.untouched;
  return input<number>({
    observe: (live) => acceptLive(live, listener),
    accepts: isStreamOrErrno,
    apply: (accepted) => {
      if (accepted < 0) return -accepted;
      ctx.memory.setU32(fdPointer, ctx.fds.insert(openStream(accepted, fdflags)));
      return ERRNO.SUCCESS;
    },
  });
}

function acceptLive(live: LiveWorld, listener: ListenerDescriptor): number {
  for (;;) {
    const stream = live.network.accept(listener.listener);
    if (stream !== undefined) return stream;
    if ((listener.flags & FDFLAGS.NONBLOCK) !== 0) return -ERRNO.AGAIN;
    live.waiter.wait(undefined);
  }
}

export function openStream(stream: number, flags: number): StreamDescriptor {
  return {
    kind: 'stream',
    stream,
    rights: STREAM_RIGHTS,
    inheriting: 0,
    flags,
    inputOffset: 0,
    outputOffset: 0,
    readShut: false,
    writeShut: false,
    peer: null,
  };
}

export function isStreamOrErrno(value: LoggedValue): boolean {
  return isCount(value, Number.MAX_SAFE_INTEGER);
}

export function reportCount(ctx: WasiContext, pointer: CountPointer, count: number): number {
  ctx.memory.setU32(pointer, count);
  return ERRNO.SUCCESS;
}
