/** The engines by name. Each is loaded when it is wanted: a guest runs on one of them, and the other is a third of the program. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Engine } from '../../engine/engine.js';
import { PACKAGE_VERSION } from './guest-config.js';
import { ModuleCache } from './module-cache.js';
import { rewriteThreads } from './rewrite-threads.js';
import { setGuestFlags } from './v8-flags.js';

/** The interpreter's loop as the build leaves it, beside the compiled form of this program. */
const LOOP = new URL('../../engine/interpreter/interpreter.wasm', import.meta.url);

/** `cacheDirectory`: where the compiled engine keeps rewritten modules, if anywhere. */
export async function createEngine(name: Engine['name'], cacheDirectory?: string): Promise<Engine> {
  if (name === 'compiled') {
    const { CompiledEngine } = await import('../../engine/compiled/index.js');
    setGuestFlags();
    const directory = cacheDirectory;
    const cache =
      directory === undefined ? {} : { cache: new ModuleCache({ directory, packageVersion: PACKAGE_VERSION }) };
    return new CompiledEngine({ sha256, helpers: rewriteThreads, ...cache });
  }
  const { InterpreterEngine } = await import('../../engine/interpreter/index.js');
  return new InterpreterEngine({ sha256, loop: readFileSync(LOOP) });
}

/** The interpreter as a second opinion: every instruction goes through its loop, none through code that V8 made from it. */
export async function createReference(): Promise<Engine> {
  const { InterpreterEngine, NO_REGIONS } = await import('../../engine/interpreter/index.js');
  return new InterpreterEngine({ sha256, loop: readFileSync(LOOP), regions: NO_REGIONS });
}

/** Web Crypto takes no shared memory. */
async function sha256(bytes: Uint8Array): Promise<string> {
  return createHash('sha256').update(bytes).digest('hex');
}
