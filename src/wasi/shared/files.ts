/** Files on shared storage, by descriptor. Offsets are part of the replicated state, so that every transfer is positioned. */
import type { FileTimes } from '../../host/files.js';
import { ERRNO, FDFLAGS, FSTFLAGS } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { SharedFileDescriptor } from '../descriptors.js';
import type { Filestat } from '../fs/filestat.js';
import { reportCount } from '../io/stream.js';
import { gather, type Iovecs, scatter } from '../memory.js';
import { isBytesOrErrno } from '../results.js';
import { isStatus, isTuple, logStatus, toFilestat } from './status.js';
import { change, look } from './steps.js';

/** A longer read is cut short: its bytes travel in one entry of the log. */
const READ_BYTES_MAX = 1 << 20;

/** `advance`: what was read moves the descriptor's offset. */
export function readShared(
  ctx: WasiContext,
  file: SharedFileDescriptor,
  offset: number,
  target: Iovecs,
  count: number,
  advance = false,
): WasiStep {
  ctx.memory.check(count, 4);
  if (target.total === 0) return reportCount(ctx, count, 0);
  const length = Math.min(target.total, READ_BYTES_MAX);
  return look<Uint8Array>({
    ask: (files) => files.read(file, offset, length),
    accepts: (bytes) => isBytesOrErrno(bytes, length),
    next: (bytes) => {
      scatter(target, bytes);
      if (advance) file.offset += bytes.length;
      return reportCount(ctx, count, bytes.length);
    },
  });
}

/** Where an appending write goes is looked up first: made again, it must not append twice. */
export function writeShared(ctx: WasiContext, file: SharedFileDescriptor, source: Iovecs, count: number): WasiStep {
  const moveTo = (end: number) => {
    file.offset = end;
  };
  if ((file.flags & FDFLAGS.APPEND) === 0) return pwriteShared(ctx, file, file.offset, source, count, moveTo);
  return lookAtSize(file, (size) => pwriteShared(ctx, file, size, source, count, moveTo));
}

export function pwriteShared(
  ctx: WasiContext,
  file: SharedFileDescriptor,
  offset: number,
  source: Iovecs,
  count: number,
  moveTo: (end: number) => void = () => {},
): WasiStep {
  ctx.memory.check(count, 4);
  if (source.total === 0) return reportCount(ctx, count, 0);
  const bytes = gather(source);
  return change(ctx, {
    act: (files) => files.write(file, offset, bytes),
    max: source.total,
    digest: (digest) => digest.updateBytes(bytes),
    next: (written) => {
      moveTo(offset + written);
      return reportCount(ctx, count, written);
    },
  });
}

export function lookAtSize(file: SharedFileDescriptor, next: (size: number) => WasiStep): WasiStep {
  return look<readonly [size: number]>({
    ask: (files) => [files.status(file).size],
    accepts: (size) => isTuple(size, ['number']) && Number.isSafeInteger(size[0]) && size[0] >= 0,
    next: ([size]) => next(size),
  });
}

/** Makes the file at least `size` bytes long. */
export function growShared(ctx: WasiContext, file: SharedFileDescriptor, size: number): WasiStep {
  return lookAtSize(file, (current) => (current >= size ? ERRNO.SUCCESS : resizeShared(ctx, file, size)));
}

export function resizeShared(ctx: WasiContext, file: SharedFileDescriptor, size: number): WasiStep {
  return change(ctx, {
    act: (files) => {
      files.resize(file, size);
      return undefined;
    },
  });
}

export function statShared(file: SharedFileDescriptor, write: (stat: Filestat) => void): WasiStep {
  return look({
    ask: (files) => logStatus(files.status(file)),
    accepts: isStatus,
    next: (status) => {
      write(toFilestat(file.mount, status));
      return ERRNO.SUCCESS;
    },
  });
}

export function setTimesShared(ctx: WasiContext, file: SharedFileDescriptor, times: FileTimes): WasiStep {
  return change(ctx, {
    act: (files) => {
      files.setFileTimes(file, times);
      return undefined;
    },
  });
}

/** Nothing changes that anybody could see: no barrier. */
export function syncShared(file: SharedFileDescriptor): WasiStep {
  return look<number>({
    ask: (files) => {
      files.sync(file);
      return 0;
    },
    accepts: (result) => result === 0,
    next: () => ERRNO.SUCCESS,
  });
}

/** `remove` takes the descriptor out of the table, whatever the host says. */
export function closeShared(file: SharedFileDescriptor, remove: () => void): WasiStep {
  return look<number>({
    ask: (files) => {
      files.close(file);
      return 0;
    },
    accepts: (result) => result === 0,
    settle: remove,
    next: () => ERRNO.SUCCESS,
  });
}

/** From arguments whose flags have been checked. */
export function requestedTimes(atim: bigint, mtim: bigint, fstflags: number): FileTimes {
  const time = (value: bigint, set: number, now: number) => {
    if ((fstflags & now) !== 0) return 'now' as const;
    return (fstflags & set) !== 0 ? BigInt.asUintN(64, value) : undefined;
  };
  return {
    atim: time(atim, FSTFLAGS.ATIM, FSTFLAGS.ATIM_NOW),
    mtim: time(mtim, FSTFLAGS.MTIM, FSTFLAGS.MTIM_NOW),
  };
}
