/**
 * Enters a region: generated code for a loop or function that turned out to be hot (src/engine/interpreter/regions). It
 * works on the same frames in the same memory and may come back at any instruction, so the loop simply goes on there.
 */
import { Exit, State } from '../generated/abi';

/**
 * Runs region `index` on the frame at `fp` with State.FUEL, and leaves State.FUEL, State.FP and State.COST behind.
 * @returns 0 if the frame's function has returned, else the pc to go on at, plus 1 if the charge of State.COST was refused
 * (asc imports it as `enter` of a module with this file's name)
 */
declare function enter(index: u32, fp: u32): u32;

/** At a hook. @returns HOT to run on, or FUEL */
export function enterRegion(): i32 {
  const hook: u32 = load<u32>(State.PC);
  const fp: u32 = load<u32>(State.FP);
  const status: u32 = enter(load<u32>(hook, 8), fp);
  if (status == 0) return leaveFrame(fp, load<u16>(hook, 2));
  store<u32>(State.PC, status & ~3);
  return status & 3 ? Exit.FUEL : Exit.HOT;
}

/** What a `ret` does behind its results, see tools/interp/table-control.mjs. */
function leaveFrame(fp: u32, header: u32): i32 {
  const pc: u32 = load<u32>(fp + header);
  const charge: i64 = <i64>load<u16>(pc - 6);
  const fuel: i64 = load<i64>(State.FUEL) - charge;
  store<u32>(State.PC, pc);
  store<u32>(State.FP, fp - <u32>load<u16>(pc - 10));
  store<i64>(State.FUEL, fuel);
  if (fuel >= 0) return Exit.HOT;
  store<i64>(State.COST, charge);
  return Exit.FUEL;
}
