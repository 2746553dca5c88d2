/**
 * The time, read at most once per turn of the event loop and only if something asks: a host call is a log entry, and a
 * server whose keys have no deadlines needs none.
 */
import { clock_time_get } from '../wasi_snapshot_preview1';

const CLOCK_REALTIME: u32 = 0;
const NS_PER_MS: u64 = 1000000;
const NS_PER_US: u64 = 1000;

const result: usize = memory.data(8, 8);
let known: bool = false;
let turnNs: u64 = 0;

/** A new turn: the next question reads the clock again. */
export function forgetTime(): void {
  known = false;
}

/** Whether this turn has read the clock. */
export function isTimeKnown(): bool {
  return known;
}

function nowNs(): u64 {
  if (!known) {
    clock_time_get(CLOCK_REALTIME, NS_PER_MS, result);
    turnNs = load<u64>(result);
    known = true;
  }
  return turnNs;
}

/** Milliseconds since 1970, the same during one turn. */
export function nowMs(): i64 {
  return i64(nowNs() / NS_PER_MS);
}

/** Microseconds since 1970, the same during one turn. */
export function nowUs(): i64 {
  return i64(nowNs() / NS_PER_US);
}
