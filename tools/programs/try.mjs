/**
 * `npm run build && node tools/programs/try.mjs [NAME...]`: programs that nobody wrote for this project, fetched from where
 * their users get them, recorded, replayed on both engines and compared with Node's own WASI. It downloads 200 MB, builds
 * with Go and cargo where those are installed, and takes minutes; no test depends on it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FILES, PROGRAMS } from './list.mjs';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const NODE_WASI = fileURLToPath(new URL('node-wasi.mjs', import.meta.url));
const DEADLINE_MS = 300_000;
const OUTPUT_BYTES_MAX = 1 << 28;

const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-programs-'));

/** A fresh copy of the guest's directory: programs may write. */
function files(name) {
  const root = path.join(folder, name);
  rmSync(root, { recursive: true, force: true });
  for (const [file, content] of Object.entries(FILES)) {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), content);
  }
  return root;
}

function node(...args) {
  const options = { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: OUTPUT_BYTES_MAX, timeout: DEADLINE_MS };
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, options);
  return { code: status ?? signal, stdout: stdout.toString('latin1'), stderr: stderr.toString() };
}

function command(name, ...args) {
  const file = path.join(folder, 'stats.json');
  rmSync(file, { force: true });
  const result = node(MAIN, name, '--stats', file, ...args);
  return { ...result, stats: readStats(file) };
}

function readStats(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** What two runs of one recording have in common: all but the time and, in another engine, nothing else. */
function comparable({ code, stdout, stats: { wallMs, ...stats } }) {
  return JSON.stringify({ code, stdout, stats });
}

function difference(recorded, replayed) {
  if (replayed.stats === undefined) return `replay ended with ${replayed.code}: ${replayed.stderr.slice(0, 300)}`;
  return comparable(recorded) === comparable(replayed) ? undefined : 'replay differs from the recording';
}

/** Whether V8 takes a function type with an exnref. */
function hasExnref() {
  return WebAssembly.validate(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x69));
}

async function tryProgram({ fetch, args, env = {}, same = false, exnref = false, compiledOnly = exnref }) {
  if (exnref && !hasExnref()) throw new Error(`Node.js ${process.version} has no exnref`);
  const module = await fetch();
  const recording = path.join(folder, 'run.rec');
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const recorded = command('record', '-o', recording, ...variables, '--dir', `${files('ours')}::/`, module, ...args);
  if (recorded.stats === undefined) return { problems: [recorded.stderr.slice(0, 300)] };
  const other = same ? node(NODE_WASI, files('other'), JSON.stringify(env), module, ...args) : recorded;
  const problems = [
    other.code === recorded.code ? undefined : `exit code ${recorded.code}, Node's own WASI has ${other.code}`,
    other.stdout === recorded.stdout ? undefined : "Node's own WASI writes something else",
    difference(recorded, command('replay', recording)),
    compiledOnly ? undefined : difference(recorded, command('replay', '--engine', 'interpreter', recording)),
  ];
  return { recorded, problems: problems.filter((problem) => problem !== undefined) };
}

function describe({ code, stats }) {
  const { instructions, hostCalls, entries, logBytes, wallMs } = stats;
  return `exit ${code}, ${instructions} instructions, ${hostCalls} calls, ${entries} entries, ${logBytes} bytes, ${wallMs} ms`;
}

let failed = 0;
const wanted = process.argv.slice(2);
for (const program of PROGRAMS) {
  if (wanted.length > 0 && !wanted.some((name) => program.name.includes(name))) continue;
  try {
    const { recorded, problems } = await tryProgram(program);
    console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${program.name}: ${recorded ? describe(recorded) : ''}`);
    for (const problem of problems) console.log(`     ${problem}`);
    if (problems.length > 0) failed++;
  } catch (error) {
    console.log(`skip ${program.name}: ${String(error.message).split('\n')[0]}`);
  }
}
rmSync(folder, { recursive: true });
process.exitCode = failed === 0 ? 0 : 1;
