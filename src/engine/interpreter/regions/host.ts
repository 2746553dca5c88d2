/** What regions need of the machine that they are in (machine.ts, which has them). */
import type { CodeMap } from '../code-map.js';
import type { Functions } from '../functions.js';
import type { LinearMemory } from '../memory.js';

export interface RegionHost {
  readonly memory: LinearMemory;
  readonly functions: Functions;
  readonly code: CodeMap;
  /** Where the outermost frame of a run returns to. */
  readonly halt: number;
  /** Address of a guest function's Entry record; translates it on its first call. */
  entryOf(ref: number): number;
  /** See `Machine.unitsLeftMin`. */
  unitsLeftMin(entry: number): number;
}
