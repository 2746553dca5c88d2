/**
 * Builds the C guests: `node tools/guests/build.mjs [--check] [name...]`. With `--check` nothing is written and the exit
 * code says whether every committed `.wasm` is what the sources give.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadClang } from './clang.mjs';
import { ROOT, targets } from './targets.mjs';

/** The `.c` and `.h` files of a directory as the compiler's virtual tree. */
function sourceTree(directory) {
  const tree = {};
  for (const name of readdirSync(directory).sort()) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) tree[name] = sourceTree(path);
    else if (/\.[ch]$/.test(name)) tree[name] = readFileSync(path, 'utf8');
  }
  return tree;
}

/** Compiles one target and returns the module's bytes. */
export async function buildTarget(compile, target) {
  const tree = sourceTree(join(ROOT, target.directory));
  if (target.fetched) tree.fetched = sourceTree(target.fetched());
  const result = await compile([...target.flags, ...target.sources, '-o', 'out.wasm'], tree);
  return Buffer.from(result['out.wasm']);
}

/** The committed bytes, or undefined if there are none yet. */
export function committed(target) {
  try {
    return readFileSync(join(ROOT, target.output));
  } catch {
    return undefined;
  }
}

async function main(args) {
  const check = args.includes('--check');
  const names = args.filter((arg) => !arg.startsWith('-'));
  const chosen = targets().filter((target) => names.length === 0 || names.includes(target.name));
  if (chosen.length === 0) throw new Error(`no such guest: ${names.join(', ')}`);
  const compile = await loadClang();
  let stale = 0;
  for (const target of chosen) {
    const bytes = await buildTarget(compile, target);
    const same = committed(target)?.equals(bytes) ?? false;
    if (!same && check) stale++;
    if (!same && !check) writeFileSync(join(ROOT, target.output), bytes);
    process.stdout.write(
      `${target.output} ${bytes.length} bytes ${same ? 'unchanged' : check ? 'STALE' : 'written'}\n`,
    );
  }
  return stale === 0 ? 0 : 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2));
}
