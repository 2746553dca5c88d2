/**
 * What V8 is told before it compiles a guest. Each flag undoes a default of older versions of V8 that costs rewritten code
 * more than others; newer versions know neither the problem nor the flag. A flag changes what V8 takes its cached code for,
 * so they are set when all modules of the program are loaded: then they cost nothing that could be measured at the start.
 */
import { setFlagsFromString } from 'node:v8';

/** What is set for a version of V8, by its first number. */
export function guestFlags(v8Major: number): readonly string[] {
  return [
    // Rewritten code says which of its branches are cold; V8 14 listens by default.
    ...(v8Major < 14 ? ['--experimental-wasm-branch-hinting'] : []),
    // Functions beyond a size get a register allocator that keeps hardly anything in registers, and rewriting makes the
    // main loop of an interpreter pass it (a fifth of SQLite's time). V8 13 has the better one only.
    ...(v8Major === 11 ? ['--no-turbo-use-mid-tier-regalloc-for-huge-functions'] : []),
  ];
}

/** Sets the flags for the V8 that runs. They hold for the whole process, and for code that is compiled from now on. */
export function setGuestFlags(): void {
  for (const flag of guestFlags(Number.parseInt(process.versions.v8, 10))) setFlagsFromString(flag);
}
