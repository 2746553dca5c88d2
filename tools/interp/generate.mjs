#!/usr/bin/env node
/**
 * Generates everything that follows from the IR table (table.mjs), the superinstructions (superops.json) and the
 * agreed constants (abi.mjs). `--check` writes nothing and fails if a file is stale. `--out DIR [--profile]
 * [--superops FILE]` writes a variant elsewhere (the trainer's profiling build, the regalloc guard).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { assemblyFiles } from './emit-assembly.mjs';
import { hostFiles } from './emit-host.mjs';
import { loadSuperops } from './superops.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Every generated file: path relative to the repository's root, and text. */
export function generate({ superops = loadSuperops(), profile = false } = {}) {
  return [...assemblyFiles(superops, profile), ...hostFiles(superops)];
}

/** Paths of generated files whose content on disk differs. */
export function staleFiles(root = ROOT) {
  return generate()
    .filter(({ file, text }) => !sameText(path.join(root, file), text))
    .map(({ file }) => file);
}

function sameText(file, text) {
  try {
    return readFileSync(file, 'utf8') === text;
  } catch {
    return false;
  }
}

/** Writes what differs: untouched files keep their time stamps, so nothing downstream is rebuilt. */
export function writeAll(files, root = ROOT) {
  for (const { file, text } of files) {
    const target = path.join(root, file);
    if (sameText(target, text)) continue;
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
    console.log(`generate: ${file}`);
  }
}

function main(args) {
  const value = (flag) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined);
  if (args.includes('--check')) {
    const stale = staleFiles();
    for (const file of stale) console.error(`generate: ${file} is stale, run: node tools/interp/generate.mjs`);
    return stale.length > 0 ? 1 : 0;
  }
  const file = value('--superops');
  const superops = file ? loadSuperops(pathToFileURL(path.resolve(file))) : loadSuperops();
  writeAll(generate({ superops, profile: args.includes('--profile') }), value('--out') ?? ROOT);
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2));
