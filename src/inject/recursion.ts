/**
 * What the entry of a function does about recursion. All that can recurse take their units of the depth budget, and some of
 * them look whether there were any left, and whether the slice is used up: enough that every recursion comes by (an eighth
 * of them in large programs). How far the others can overdraw the budget before one of those comes is bounded here.
 */

/** What a function has to do with recursion. */
export const Recursion = {
  /** It lies on no cycle of the call graph. */
  None: 0,
  /** It lies on a cycle: its frames take stack units. */
  Member: 1,
  /** Its entry is guarded too: every cycle goes through such a function, and every path that is long (`cycle-breakers.ts`). */
  Breaker: 2,
} as const;

/** Members in a row, without a breaker, at most. */
export const MEMBERS_MAX = 128;

/** Units that a frame can take without being guarded. */
const UNGUARDED_UNITS_MAX = 255;

/** Units that frames can take beyond the budget before a guard comes. */
export const OVERDRAFT_MAX = MEMBERS_MAX * UNGUARDED_UNITS_MAX;

/** Whether an entry looks if units are left for its frame, which takes `units`, and if the slice is used up. */
export function isGuarded(recursion: number, units: number): boolean {
  return recursion === Recursion.Breaker || (recursion === Recursion.Member && units > UNGUARDED_UNITS_MAX);
}
