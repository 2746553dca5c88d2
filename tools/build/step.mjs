// A build step: a name, the files it reads, the files it makes and the function that makes them.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Where the hash of each step's inputs is kept; git and npm ignore it. */
const STAMPS = path.join(ROOT, 'node_modules/.cache/ft-wasm');

/** Every file below `folder`, sorted; empty if there is no such folder. */
export function walk(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** Runs a step unless it is up to date; returns whether it succeeded. */
export async function runStep(step) {
  const stamp = path.join(STAMPS, `${step.name.replaceAll(' ', '-')}.sha256`);
  const hash = hashInputs(step);
  if (step.outputs.every((file) => existsSync(file)) && readStamp(stamp) === hash) {
    console.log(`build: ${step.name}: up to date`);
    return true;
  }
  rmSync(stamp, { force: true });
  const started = performance.now();
  const ok = await step.run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`build: ${step.name}: ${ok ? 'done' : 'FAILED'} in ${seconds} s`);
  if (ok) writeStamp(stamp, hash);
  return ok;
}

function hashInputs(step) {
  const hash = createHash('sha256');
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'node_modules', step.tool, 'package.json'), 'utf8'));
  hash.update(`${step.tool} ${version}\n`);
  for (const file of [...step.inputs, ...walk(path.join(ROOT, 'tools/build')), path.join(ROOT, 'tools/build.mjs')]) {
    const bytes = readFileSync(file);
    hash.update(`${path.relative(ROOT, file)} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

function readStamp(stamp) {
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
}

function writeStamp(stamp, hash) {
  mkdirSync(STAMPS, { recursive: true });
  const temporary = `${stamp}.${process.pid}`;
  writeFileSync(temporary, hash);
  renameSync(temporary, stamp);
}

/** Runs a Node program with its output shown; returns whether it exited with 0. */
export function runNode(args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code === 0));
  });
}
