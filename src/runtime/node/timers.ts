/** Node's timers and monotonic clock behind the driver's interface. */
import { performance } from 'node:perf_hooks';
import type { Timers } from '../ports.js';

export const nodeTimers: Timers = {
  now: () => performance.now(),
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  soon: setImmediate,
};
