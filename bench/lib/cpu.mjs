/** Processor time of processes: on a busy machine it says more than the clock on the wall. */
import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, on every machine that Node.js runs on. */
const TICK_US = 10_000;

/**
 * Processor time of a process so far, its ended threads included, in microseconds; NaN where /proc does not say.
 * @param {number} pid
 */
export function processorTimeUs(pid) {
  return ticksOf(pid) * TICK_US;
}

/** @param {number} pid */
function ticksOf(pid) {
  try {
    // The name of the command, in parentheses, may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return Number.NaN;
  }
}
