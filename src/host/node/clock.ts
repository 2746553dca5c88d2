/** The real clocks. */
import type { HostClock } from '../services.js';

const NS_PER_MS = 1_000_000n;

export const nodeClock: HostClock = {
  /** The system's wall clock, in steps of a millisecond; it follows adjustments of the system time. */
  realtimeNs: () => BigInt(Date.now()) * NS_PER_MS,
  monotonicNs: () => process.hrtime.bigint(),
};
