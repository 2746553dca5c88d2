/** Directories as the checklist sees them: private ones and shared ones behave alike. */
import { expect } from 'vitest';
import { type Files, files } from '../unit/wasi/files-harness.js';
import { sharedGuest, storage } from '../unit/wasi/shared-harness.js';

const OUT = 64;

export const MODES: readonly (readonly [mode: string, make: () => Files])[] = [
  ['private', () => files()],
  ['shared', () => sharedGuest(storage()).files],
];

/** Rights of a descriptor: its own, and those it hands on. */
export function rightsOf({ h }: Files, fd: number): [number, number] {
  expect(h.call('fd_fdstat_get', fd, OUT)).toBe(0);
  return [Number(h.u64(OUT + 8)), Number(h.u64(OUT + 16))];
}

export function flagsOf({ h }: Files, fd: number): number {
  expect(h.call('fd_fdstat_get', fd, OUT)).toBe(0);
  return h.u16(OUT + 2);
}
