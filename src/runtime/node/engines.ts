/** The engines by name. */
import { readFileSync } from 'node:fs';
import { CompiledEngine } from '../../engine/compiled/index.js';
import type { Engine } from '../../engine/engine.js';
import { InterpreterEngine } from '../../engine/interpreter/index.js';

/** The interpreter's loop as the build leaves it, beside the compiled form of this program. */
const LOOP = new URL('../../engine/interpreter/interpreter.wasm', import.meta.url);

export function createEngine(name: Engine['name']): Engine {
  return name === 'compiled' ? new CompiledEngine() : new InterpreterEngine({ loop: readFileSync(LOOP) });
}
