/**
 * The interpreter's loop. All of its state is in linear memory (tools/interp/abi.mjs describes the map), so a capture is
 * a copy and a stop needs no unwinding: `run` simply returns.
 */
import { enterRegion } from './exec/region';
import { cold } from './generated/cold';
import { hot } from './generated/hot';
import { Exit } from './generated/abi';

/**
 * Runs from the state block until something needs the host. @returns an Exit code, never HOT or COLD
 *
 * Two halves, because V8 falls back to a slower register allocator for functions above a size, which would cost the hot
 * half up to 1.6x (see RATIONALE.md). Neither calls the other: a call inside the hot loop would spill its registers.
 */
export function run(): i32 {
  while (true) {
    let code = hot();
    if (code == Exit.COLD) {
      code = cold();
      if (code == Exit.REGION) code = enterRegion();
      if (code == Exit.HOT) continue;
    }
    return code;
  }
}
