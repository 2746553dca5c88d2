/** proc_exit, proc_raise, sched_yield. */
import { GuestStop } from '../../engine/engine.js';
import { ERRNO } from '../abi.js';
import type { WasiContext } from '../context.js';

/** Shells report death by signal N as 128 + N. */
const SIGNAL_EXIT_BASE = 128;
const SIGNAL_MAX = 30;
/** none, SIGCHLD, SIGCONT, SIGURG, SIGWINCH: their default action is nothing (preview1's numbers). */
const IGNORED_SIGNALS: ReadonlySet<number> = new Set([0, 16, 17, 22, 27]);

export function procExit(_ctx: WasiContext, code: number): never {
  throw new GuestStop({ kind: 'exited', exitCode: code });
}

/** Carries out the signal's default action; a guest cannot install handlers in preview1. */
export function procRaise(_ctx: WasiContext, signal: number): number {
  if (signal > SIGNAL_MAX) return ERRNO.INVAL;
  if (IGNORED_SIGNALS.has(signal)) return ERRNO.SUCCESS;
  throw new GuestStop({ kind: 'exited', exitCode: SIGNAL_EXIT_BASE + signal });
}

/** One guest thread: there is nobody to yield to. */
export function schedYield(): number {
  return ERRNO.SUCCESS;
}
