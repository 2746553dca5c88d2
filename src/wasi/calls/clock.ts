/**
 * clock_res_get, clock_time_get. Wall clocks are inputs, logged as the distance from the last logged value (small, and
 * never negative). The CPU clocks are the instruction counter, at one nanosecond each: pure, and equal on every replica.
 */
import type { LoggedValue } from '../../log/entry.js';
import { CLOCK, ERRNO } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import { input } from '../effects.js';
import type { ClockState } from '../state.js';

export function clockResGet(ctx: WasiContext, clockId: number, resolution: number): number {
  if (clockId > CLOCK.THREAD_CPUTIME) return ERRNO.INVAL;
  ctx.memory.setU64(resolution, 1n);
  return ERRNO.SUCCESS;
}

export function clockTimeGet(ctx: WasiContext, clockId: number, _precision: bigint, time: number): WasiStep {
  ctx.memory.check(time, 8);
  switch (clockId) {
    case CLOCK.REALTIME:
      return readClock(ctx, 'realtimeNs', time);
    case CLOCK.MONOTONIC:
      return readClock(ctx, 'monotonicNs', time);
    case CLOCK.PROCESS_CPUTIME:
    case CLOCK.THREAD_CPUTIME:
      ctx.memory.setU64(time, BigInt(ctx.counter));
      return ERRNO.SUCCESS;
    default:
      return ERRNO.INVAL;
  }
}

/** Result: nanoseconds since the last logged value of that clock; a bigint only where a double would lose digits. */
function readClock(ctx: WasiContext, clock: keyof ClockState, time: number): WasiStep {
  const { clocks } = ctx.state;
  return input<number | bigint>({
    observe: (live) => {
      const passed = (clock === 'realtimeNs' ? live.clock.realtimeNs() : live.clock.monotonicNs()) - clocks[clock];
      return passed <= Number.MAX_SAFE_INTEGER ? Number(passed) : passed;
    },
    accepts: isDuration,
    apply: (passed) => {
      clocks[clock] += BigInt(passed);
      ctx.memory.setU64(time, clocks[clock]);
      return ERRNO.SUCCESS;
    },
  });
}

function isDuration(value: LoggedValue): boolean {
  return typeof value === 'bigint' ? value >= 0n : Number.isSafeInteger(value) && (value as number) >= 0;
}
