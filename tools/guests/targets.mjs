/**
 * Every guest that is built from C: where its sources are, its flags and where the committed `.wasm` goes. Kernels and the
 * small WASI programs need no row of their own: each `.c` in their folders is one.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { luaSource, sqliteSource } from './sources.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Debug sections go, the name section stays: divergence and trap reports name functions by it. */
const COMMON = ['--target=wasm32-wasip1', '-O2', '-Wl,--strip-debug'];
const STRICT = [...COMMON, '-Wall', '-Wextra', '-Werror'];
/** Kernels bring their own `_start`, so that nothing of a C start-up is counted with them. */
const KERNEL = [...STRICT, '-nostartfiles'];

/**
 * @typedef {object} Target
 * @property {string} name unique, as on the command line of tools/guests/build.mjs
 * @property {string} directory the folder whose files the compiler sees, besides `fetched`
 * @property {string[]} sources relative to `directory`
 * @property {string} output path of the `.wasm`, relative to the repository
 * @property {string[]} flags
 * @property {() => string} [fetched] directory of sources that are not in the repository; the compiler sees it as `fetched/`
 */

/** One target for each C file of a folder. */
function eachFile(directory, flags) {
  return readdirSync(join(ROOT, directory))
    .filter((file) => file.endsWith('.c'))
    .sort()
    .map((file) => {
      const name = file.slice(0, -2);
      const simd = name.endsWith('_simd') ? ['-msimd128'] : [];
      return { name, directory, sources: [file], output: `${directory}/${name}.wasm`, flags: [...flags, ...simd] };
    });
}

const compress = {
  name: 'compress',
  directory: 'guests/compress',
  sources: ['main.c', 'bwt.c', 'mtf.c', 'huffman.c'],
  output: 'guests/compress/compress.wasm',
  flags: STRICT,
};

const sqlite = {
  name: 'sqlite',
  directory: 'guests/sqlite',
  sources: ['main.c', 'fetched/sqlite3.c'],
  output: 'guests/sqlite/sqlite.wasm',
  flags: [
    ...COMMON,
    ...['-Ifetched', '-DSQLITE_THREADSAFE=0', '-DSQLITE_OMIT_LOAD_EXTENSION', '-DSQLITE_OMIT_WAL', '-DSQLITE_DQS=0'],
    ...['-DSQLITE_OMIT_DEPRECATED', '-DSQLITE_OMIT_SHARED_CACHE', '-D_WASI_EMULATED_GETPID', '-lwasi-emulated-getpid'],
  ],
  fetched: sqliteSource,
};

const LUA_CORE =
  'api code ctype debug do dump func gc lex mem object opcodes parser state string table tm undump vm zio';
const LUA_LIBRARIES = 'auxlib baselib tablib strlib mathlib utf8lib corolib';
const lua = {
  name: 'lua',
  directory: 'guests/lua',
  sources: ['main.c', ...`${LUA_CORE} ${LUA_LIBRARIES}`.split(' ').map((name) => `fetched/l${name}.c`)],
  output: 'guests/lua/lua.wasm',
  flags: [
    ...[...COMMON, '-Iwithout-exceptions', '-Ifetched', '-D_WASI_EMULATED_SIGNAL', '-lwasi-emulated-signal'],
    ...['-D_WASI_EMULATED_PROCESS_CLOCKS', '-lwasi-emulated-process-clocks'],
  ],
  fetched: luaSource,
};

/** The same with setjmp and longjmp, which clang makes from the legacy form of exception handling. */
const luaExceptions = {
  ...lua,
  name: 'lua-eh',
  output: 'guests/lua/lua-eh.wasm',
  flags: [
    ...lua.flags.filter((flag) => flag !== '-Iwithout-exceptions'),
    ...['-DLUA_WITH_EXCEPTIONS', '-mllvm', '-wasm-enable-sjlj', '-lsetjmp'],
  ],
};

/** @returns {Target[]} */
export function targets() {
  return [
    ...eachFile('guests/kernels/c', KERNEL),
    ...eachFile('guests/wasi', STRICT),
    ...[compress, lua, luaExceptions, sqlite],
  ];
}
