/** Where rewritten modules are kept between starts. */
import path from 'node:path';
import type { Environment, Flag } from './flags.js';

export interface RawCacheFlags {
  /** A directory; true without a flag, false for --no-cache. */
  readonly cache?: string | boolean;
}

export const CACHE_FLAGS: readonly Flag[] = [
  [
    'Engine:',
    '--cache <dir>',
    'keep rewritten modules here for the next start (default: $XDG_CACHE_HOME/ft-wasm/modules)',
  ],
  ['Engine:', '--no-cache', 'rewrite the module at every start'],
];

/** The option of the library that the flags stand for. */
export function toCacheOptions({ cache = true }: RawCacheFlags, own: Environment): { cacheDirectory?: string } {
  const directory = cache === true ? defaultDirectory(own) : cache;
  return typeof directory === 'string' ? { cacheDirectory: path.resolve(directory) } : {};
}

/** XDG base directory specification: a relative path there counts as unset. Nowhere without a home. */
function defaultDirectory(own: Environment): string | undefined {
  const { HOME, XDG_CACHE_HOME } = own;
  if (XDG_CACHE_HOME !== undefined && path.isAbsolute(XDG_CACHE_HOME))
    return path.join(XDG_CACHE_HOME, 'ft-wasm/modules');
  return HOME === undefined || HOME === '' ? undefined : path.join(HOME, '.cache/ft-wasm/modules');
}
