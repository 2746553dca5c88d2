/**
 * Implementation limits that every engine of the Web shares (WebAssembly JavaScript Interface, "Implementation-defined
 * Limits"). Both of our engines keep to them, so that they refuse the same modules for the same reason.
 */
import { DecodeError } from '../errors.js';

export const LIMITS = {
  moduleBytes: 1 << 30,
  types: 1_000_000,
  imports: 1_000_000,
  functions: 1_000_000,
  tables: 100_000,
  memories: 100_000,
  tags: 1_000_000,
  globals: 1_000_000,
  exports: 1_000_000,
  elementSegments: 10_000_000,
  dataSegments: 100_000,
  params: 1_000,
  results: 1_000,
  locals: 50_000,
  bodyBytes: 7_654_321,
  brTableLabels: 65_520,
  segmentElements: 10_000_000,
  tableElements: 10_000_000,
  /** Pages of 64 KiB: 4 GiB. */
  memoryPages: 65_536,
  /** Ours: values on the operand stack during validation, far above what any real function needs. */
  operands: 1_000_000,
} as const;

/** @throws DecodeError FTW_LIMIT if `count` is above the limit. `what` is a plural noun. */
export function checkLimit(limit: keyof typeof LIMITS, count: number, what: string, offset: number): void {
  const max = LIMITS[limit];
  if (count <= max) return;
  throw new DecodeError('FTW_LIMIT', offset, `${count} ${what} are more than the limit of ${max}`, {
    limit,
    max,
    count,
  });
}
