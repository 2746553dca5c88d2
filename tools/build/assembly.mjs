// Compiles an AssemblyScript program to one .wasm file.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ROOT, runNode } from './step.mjs';

const ASC = path.join(ROOT, 'node_modules/assemblyscript/bin/asc.js');

/**
 * Compiles `entry` (relative to `cwd`) with the release target of `config` into `wasm`. The file appears whole or not at
 * all: the compiler writes elsewhere first, because a test may be reading the old one.
 */
export async function compileAssembly({ cwd, entry, config, wasm }) {
  const folder = path.dirname(wasm);
  const temporary = path.join(folder, `.asc-${process.pid}`);
  mkdirSync(temporary, { recursive: true });
  try {
    const output = path.join(temporary, path.basename(wasm));
    const relative = (file) => path.relative(cwd, file);
    const args = [ASC, entry, '--config', relative(config), '--target', 'release', '--outFile', relative(output)];
    const ok = await runNode(args, cwd);
    if (ok) for (const name of readdirSync(temporary)) renameSync(path.join(temporary, name), path.join(folder, name));
    return ok && existsSync(wasm);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
