/** Standard input is an input like any other; standard output and error are outputs that take every byte. */
import { ERRNO, FDFLAGS } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { StdioDescriptor } from '../descriptors.js';
import { input, output } from '../effects.js';
import type { LiveWorld } from '../live.js';
import { gather, type Iovecs, scatter } from '../memory.js';
import { isBytesOrErrno } from '../results.js';
import { reportCount } from './stream.js';

export function readStdin(ctx: WasiContext, stdin: StdioDescriptor, target: Iovecs, count: number): WasiStep {
  ctx.memory.check(count, 4);
  if (target.total === 0) return reportCount(ctx, count, 0);
  return input<Uint8Array | number>({
    observe: (live) => readLive(live, (stdin.flags & FDFLAGS.NONBLOCK) !== 0, target.total),
    accepts: (value) => isBytesOrErrno(value, target.total),
    apply: (bytes) => {
      if (typeof bytes === 'number') return -bytes;
      scatter(target, bytes);
      return reportCount(ctx, count, bytes.length);
    },
  });
}

function readLive(live: LiveWorld, nonblocking: boolean, max: number): Uint8Array | number {
  for (;;) {
    const bytes = live.stdin.read(max);
    if (bytes !== undefined) return bytes;
    if (nonblocking && !live.stdin.alwaysReady) return -ERRNO.AGAIN;
    live.waiter.wait(undefined);
  }
}

/**
 * The result (always the whole length) is logged although it could be computed: each write becomes a position of its own, at
 * which a replay checks the bytes and can be told to stop.
 */
export function writeStdio(ctx: WasiContext, fd: 1 | 2, source: Iovecs, count: number): WasiStep {
  ctx.memory.check(count, 4);
  if (source.total === 0) return reportCount(ctx, count, 0);
  const bytes = gather(source);
  return output<number>({
    observe: () => bytes.length,
    accepts: (value) => value === bytes.length,
    digest: (_length, digest) => digest.updateBytes(bytes),
    apply: (length, event) => {
      ctx.output.stdio(fd, bytes, event);
      return reportCount(ctx, count, length);
    },
  });
}
