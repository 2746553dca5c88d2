/** This program's own code, kept compiled from one start to the next by V8's code cache (Node 22.8 and later). */
import * as module from 'node:module';
import path from 'node:path';

/** Not known to the types of the oldest Node that is supported. */
const { enableCompileCache } = module as { readonly enableCompileCache?: (directory: string) => unknown };

/**
 * From now on modules that this thread loads are kept compiled in `cacheDirectory`, if there is one. A directory that cannot
 * be used means that nothing is kept; what Node's own variables (`NODE_COMPILE_CACHE`, `NODE_DISABLE_COMPILE_CACHE`) say comes first.
 */
export function keepCompiledCode(cacheDirectory: string | undefined): void {
  if (cacheDirectory !== undefined) enableCompileCache?.(path.join(cacheDirectory, 'compiled'));
}
