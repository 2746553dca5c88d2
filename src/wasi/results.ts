/** Shapes of logged results. An observed errno is logged as a negative number, so that most results are one number. */
import type { LoggedValue } from '../log/entry.js';

/** Preview1's go to 76, WasmEdge's additions (for names) to 87. */
const ERRNO_MAX = 87;

/** A count from 0 to `max`, or a negative errno. */
export function isCount(value: LoggedValue, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= -ERRNO_MAX && (value as number) <= max;
}

/** At most `max` bytes, or a negative errno. */
export function isBytesOrErrno(value: LoggedValue, max: number): value is Uint8Array | number {
  return value instanceof Uint8Array ? value.length <= max : isCount(value, -1);
}

export function isBytes(value: LoggedValue, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}
