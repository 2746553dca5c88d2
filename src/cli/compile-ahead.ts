/**
 * V8 compiles a function when it is called first, and forgets what it has compiled once that has not been called for a while.
 * Nearly all that runs at a failover runs for the first time then, while clients wait: half of their wait was compiling.
 */
import { setFlagsFromString } from 'node:v8';

/** Commands in whose processes a failover can happen. */
const LONG_RUNNING: ReadonlySet<string | undefined> = new Set(['serve', 'gateway']);

export function isLongRunning(command: string | undefined): boolean {
  return LONG_RUNNING.has(command);
}

/** Makes V8 compile whole modules as they are loaded, from now on and on all threads, and keep what it has compiled. */
export function compileAhead(): void {
  setFlagsFromString('--no-lazy');
  setFlagsFromString('--no-flush-bytecode');
}
