/**
 * What V8 is told before it compiles a guest. Each flag undoes a default of V8 that costs rewritten code more than others. A
 * flag changes what V8 takes its cached code for, so they are set when all modules of the program are loaded: then they cost
 * nothing that could be measured at the start. None of them can change what a guest computes.
 */
import { setFlagsFromString } from 'node:v8';

/**
 * How far V8 goes in inlining calls is limited in bytes of the module, of which rewritten code has up to 1.8 times as many:
 * each limit is V8's own (50, 500 and 5000) times that, and a little more for the shortest functions, which grow more.
 */
const INLINING = [
  '--wasm-inlining-min-budget=100',
  '--wasm-inlining-max-size=850',
  '--wasm-inlining-budget=8500',
] as const;

/** What is set for a version of V8, by its first number. V8 reports flags that it does not know, so others get fewer. */
export function guestFlags(v8Major: number): readonly string[] {
  return [
    // Rewritten code says which of its branches are cold; V8 14 listens by default.
    ...(v8Major < 14 ? ['--experimental-wasm-branch-hinting'] : []),
    // Functions beyond a size get a register allocator that keeps hardly anything in registers, and rewriting makes the
    // main loop of an interpreter pass it (a fifth of SQLite's time). V8 13 has the better one only.
    ...(v8Major === 11 ? ['--no-turbo-use-mid-tier-regalloc-for-huge-functions'] : []),
    ...(v8Major === 13 || v8Major === 14 ? INLINING : []),
  ];
}

/** Sets the flags for the V8 that runs. They hold for the whole process, and for code that is compiled from now on. */
export function setGuestFlags(): void {
  for (const flag of guestFlags(Number.parseInt(process.versions.v8, 10))) setFlagsFromString(flag);
}
