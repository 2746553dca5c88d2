/** Reading subscriptions from guest memory; wasi_unstable differs from preview1 in the clock variant's layout only. */
import { CLOCK, SUBSCRIPTION_CLOCK_ABSTIME } from '../abi.js';
import type { ClockState } from '../state.js';

/** Offsets in bytes from the start of a subscription. */
export interface SubscriptionLayout {
  readonly bytes: number;
  readonly clock: number;
  readonly timeout: number;
  readonly flags: number;
}

const TAG_OFFSET = 8;
const FD_OFFSET = 16;

export function tagAt(subscription: number): number {
  return subscription + TAG_OFFSET;
}

export interface Subscription {
  readonly userdata: bigint;
  readonly tag: number;
}

export function readSubscription(view: DataView, at: number): Subscription {
  return { userdata: view.getBigUint64(at, true), tag: view.getUint8(tagAt(at)) };
}

export function readFd(view: DataView, at: number): number {
  return view.getUint32(at + FD_OFFSET, true);
}

export interface ClockSubscription {
  readonly clockId: number;
  readonly timeoutNs: bigint;
  readonly absolute: boolean;
}

export function readClockSubscription(view: DataView, layout: SubscriptionLayout, at: number): ClockSubscription {
  return {
    clockId: view.getUint32(at + layout.clock, true),
    timeoutNs: view.getBigUint64(at + layout.timeout, true),
    absolute: (view.getUint16(at + layout.flags, true) & SUBSCRIPTION_CLOCK_ABSTIME) !== 0,
  };
}

/** What a clock must at least show once this timer has fired, given the last logged values. */
export function clockLowerBound(
  view: DataView,
  layout: SubscriptionLayout,
  at: number,
  clocks: ClockState,
): { clock: keyof ClockState; timeNs: bigint } {
  const { clockId, timeoutNs, absolute } = readClockSubscription(view, layout, at);
  if (absolute) return { clock: clockId === CLOCK.REALTIME ? 'realtimeNs' : 'monotonicNs', timeNs: timeoutNs };
  return { clock: 'monotonicNs', timeNs: clocks.monotonicNs + timeoutNs };
}
