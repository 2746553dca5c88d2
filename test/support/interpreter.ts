/** The interpreter with the loop that the build made. */
import { existsSync, readFileSync } from 'node:fs';
import { InterpreterEngine, NO_REGIONS, type RegionOptions } from '../../src/engine/interpreter/index.js';

const LOOP = new URL('../../dist/engine/interpreter/interpreter.wasm', import.meta.url);

/** Each function, and each loop that is looked at, becomes a region at once; looks are as frequent as they can be of use. */
export const EAGER_REGIONS: RegionOptions = { hotAfter: 1, turn: 40, atOnce: true };

/** The bytes of the built loop. @throws Error when the build has not run */
export function loopBytes(): Uint8Array {
  if (!existsSync(LOOP))
    throw new Error('dist/engine/interpreter/interpreter.wasm is missing: run npm run build first');
  return readFileSync(LOOP);
}

/** `regions`: when hot code becomes WebAssembly; never, unless told otherwise. */
export function interpreterEngine(regions: RegionOptions = NO_REGIONS): InterpreterEngine {
  return new InterpreterEngine({ loop: loopBytes(), regions });
}
