#!/usr/bin/env node
// The one build: TypeScript to dist/, the interpreter (assembly/) and the AssemblyScript guests (guests/*/) to .wasm.
// Each step is skipped when the content of its inputs has not changed since it last succeeded.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { compileAssembly } from './build/assembly.mjs';
import { generatePageHash, PAGE_HASH_BYTES, PAGE_HASH_SOURCE } from './build/page-hash.mjs';
import { ROOT, runNode, runStep, walk } from './build/step.mjs';

const SRC = path.join(ROOT, 'src');
const DIST = path.join(ROOT, 'dist');

function typescriptStep() {
  return {
    name: 'typescript',
    inputs: [...walk(SRC), path.join(ROOT, 'tsconfig.json')],
    outputs: [path.join(DIST, 'index.js')].filter(() => existsSync(path.join(SRC, 'index.ts'))),
    tool: 'typescript',
    async run() {
      const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
      const ok = await runNode([tsc, '-p', path.join(ROOT, 'tsconfig.json')], ROOT);
      pruneStale();
      copyAssets();
      const bin = path.join(DIST, 'cli/main.js');
      if (existsSync(bin)) chmodSync(bin, 0o755);
      return ok;
    },
  };
}

/** Removes what earlier builds left in dist/ for sources that no longer exist. */
function pruneStale() {
  for (const file of walk(DIST)) {
    const relative = path.relative(DIST, file);
    const base = relative.replace(/(\.d\.ts|\.js|\.js\.map)$/, '');
    if (base === relative) continue;
    const generated = existsSync(path.join(DIST, `${base}.wasm`));
    if (!generated && !existsSync(path.join(SRC, `${base}.ts`))) rmSync(file);
  }
}

function copyAssets() {
  for (const file of walk(SRC)) {
    if (file.endsWith('.ts')) continue;
    const target = path.join(DIST, path.relative(SRC, file));
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(file, target);
  }
}

/** The interpreter's dispatch loops and the tables of its translator follow from one table in tools/interp/. */
function generateStep() {
  const script = path.join(ROOT, 'tools/interp/generate.mjs');
  const folders = ['assembly/generated', 'src/engine/interpreter/generated'];
  return {
    name: 'interpreter sources',
    inputs: [...walk(path.join(ROOT, 'tools/interp')), ...folders.flatMap((folder) => walk(path.join(ROOT, folder)))],
    outputs: [],
    tool: 'assemblyscript',
    run: () => runNode([script], ROOT),
  };
}

function pageHashStep() {
  return {
    name: 'page hash',
    inputs: walk(PAGE_HASH_SOURCE),
    outputs: [PAGE_HASH_BYTES],
    tool: 'assemblyscript',
    run: generatePageHash,
  };
}

function interpreterStep() {
  const config = path.join(ROOT, 'asconfig.json');
  const wasm = path.join(DIST, 'engine/interpreter/interpreter.wasm');
  return {
    name: 'interpreter',
    inputs: [...walk(path.join(ROOT, 'assembly')), config],
    outputs: [wasm],
    tool: 'assemblyscript',
    run: () => compileAssembly({ cwd: ROOT, entry: 'assembly/index.ts', config, wasm }),
  };
}

function guestStep(name) {
  const cwd = path.join(ROOT, 'guests', name);
  const config = path.join(cwd, 'asconfig.json');
  const wasm = path.join(cwd, 'build', `${name}.wasm`);
  return {
    name: `guest ${name}`,
    inputs: [...walk(path.join(cwd, 'assembly')), config],
    outputs: [wasm],
    tool: 'assemblyscript',
    run: () => compileAssembly({ cwd, entry: 'assembly/index.ts', config, wasm }),
  };
}

/** Guests written in AssemblyScript; the others keep their .wasm beside their source. */
function assemblyScriptGuests() {
  const folder = path.join(ROOT, 'guests');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => statSync(path.join(folder, name)).isDirectory())
    .filter((name) => existsSync(path.join(folder, name, 'asconfig.json')))
    .filter((name) => existsSync(path.join(folder, name, 'assembly/index.ts')))
    .sort();
}

async function main() {
  const steps = [generateStep(), pageHashStep(), typescriptStep()];
  if (existsSync(path.join(ROOT, 'assembly/index.ts'))) steps.push(interpreterStep());
  for (const name of assemblyScriptGuests()) steps.push(guestStep(name));
  // Every step runs even if an earlier one fails, so that one run shows everything that is wrong.
  let failed = 0;
  for (const step of steps) if (!(await runStep(step))) failed++;
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
