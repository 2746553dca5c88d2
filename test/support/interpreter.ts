/** The interpreter with the loop that the build made. */
import { existsSync, readFileSync } from 'node:fs';
import { InterpreterEngine } from '../../src/engine/interpreter/index.js';

const LOOP = new URL('../../dist/engine/interpreter/interpreter.wasm', import.meta.url);

/** The bytes of the built loop. @throws Error when the build has not run */
export function loopBytes(): Uint8Array {
  if (!existsSync(LOOP))
    throw new Error('dist/engine/interpreter/interpreter.wasm is missing: run npm run build first');
  return readFileSync(LOOP);
}

export function interpreterEngine(): InterpreterEngine {
  return new InterpreterEngine({ loop: loopBytes() });
}
