/**
 * Stack units. The budget (`EngineLimits.stackUnitsMax`) is spent by functions that can recurse; one unit is eight bytes
 * of *declared* frame: what the source says, not what an engine makes of it, so that every engine and tier agrees.
 *
 * V8 11 to 14 on x64 takes at most 12 bytes of stack per unit in either tier (measured with frames of many parameters, many
 * locals, vectors, and none at all), so a budget of N units wants a thread with at least 16 N bytes of stack,
 * and room for what can be overdrawn (`recursion.ts`).
 */

/** Return address, saved registers and bookkeeping of a frame, in units. */
export const FRAME_OVERHEAD_UNITS = 8;

/**
 * Units of one frame. `slots`: parameters and locals, v128 counting twice. `operandsMax`: greatest height of the operand
 * stack in code that can be reached, in values. `wide`: a v128 occurs in the function, so each operand may be one.
 */
export function frameUnits(slots: number, operandsMax: number, wide: boolean): number {
  return FRAME_OVERHEAD_UNITS + slots + operandsMax * (wide ? 2 : 1);
}
