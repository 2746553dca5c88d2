// npm run bench -- interp: the interpreter on the kernels, beside V8's two compilers and (if there is one) native wasm3.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandLine, loadKernels } from '../tools/interp/kernels.mjs';

const CHILD = fileURLToPath(new URL('lib/interp-child.mjs', import.meta.url));
const ROOT = path.resolve(path.dirname(CHILD), '../..');

export const summary = 'interpreter against V8 TurboFan, V8 Liftoff and native wasm3 (path in WASM3) on guests/kernels';
export const options = {
  scale: { type: 'string', default: '0.25', help: "part of each kernel's repetitions" },
  rounds: { type: 'string', default: '3', help: 'rounds; the best time of each kernel counts' },
  kernels: { type: 'string', default: '', help: 'names, separated by commas (all)' },
};

/** Engines in the same process each; metering and bounds checks are always on in the interpreter. */
const PEERS = {
  interpreter: [],
  turbofan: ['--no-liftoff', '--no-wasm-lazy-compilation'],
  liftoff: ['--liftoff', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering'],
};

function runChild(engine, flags, scale, names) {
  const args = [...flags, CHILD, engine === 'interpreter' ? engine : 'v8', scale, ...names];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${engine}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** wasm3 as a process of its own, by the processor time that the shell sees: its start (milliseconds) is part of it. */
function runWasm3(binary, scale, names) {
  const kernels = loadKernels().filter(({ name }) => names.length === 0 || names.includes(name));
  return kernels.map((kernel) => {
    const repeats = Math.max(1, Math.round(kernel.repeats * Number(scale)));
    const [, ...args] = commandLine(kernel, repeats);
    const timed = ['-c', 'TIMEFORMAT=%U; time "$@"', 'bash', binary, path.join(ROOT, kernel.module), ...args];
    const { status, stdout, stderr } = spawnSync('bash', timed, { encoding: 'utf8' });
    const row = { name: kernel.name, half: kernel.half };
    if (status !== 0) return { ...row, ms: Number.NaN };
    return { ...row, ms: Number(stderr.trim().split('\n').at(-1)) * 1000, text: stdout.trim() };
  });
}

/** Best time by kernel and engine over all rounds. Every engine must print the same, as it does the same repetitions. */
function measure({ scale, rounds, kernels }) {
  const names = kernels === '' ? [] : kernels.split(',');
  const rows = new Map();
  const note = (engine) => (each) => {
    const row = rows.get(each.name) ?? { name: each.name, half: each.half, text: each.text };
    if (each.text !== undefined && each.text !== row.text)
      throw new Error(`${engine}: ${each.text}, others: ${row.text}`);
    if (!(row[engine] <= each.ms)) row[engine] = each.ms;
    if (each.counter !== undefined) row.counter = each.counter;
    rows.set(each.name, row);
  };
  for (let round = 0; round < Number(rounds); round++) {
    for (const [engine, flags] of Object.entries(PEERS)) runChild(engine, flags, scale, names).forEach(note(engine));
    if (process.env.WASM3) runWasm3(process.env.WASM3, scale, names).forEach(note('wasm3'));
  }
  return [...rows.values()];
}

const ratio = (row, peer) => row.interpreter / row[peer];

function geomean(rows, peer) {
  const ratios = rows.map((row) => ratio(row, peer)).filter((value) => Number.isFinite(value));
  return Math.exp(ratios.reduce((sum, value) => sum + Math.log(value), 0) / ratios.length);
}

export async function run(values) {
  const rows = measure(values);
  const peers = ['turbofan', 'liftoff', ...(process.env.WASM3 ? ['wasm3'] : [])];
  console.log(
    `${'kernel'.padEnd(14)} ${'half'.padEnd(9)} ${'ms'.padStart(8)} ${'Minstr/s'.padStart(9)}  times ${peers.join(', times ')}`,
  );
  for (const row of rows) {
    const speed = (row.counter / row.interpreter / 1000).toFixed(0);
    const ratios = peers.map((peer) => ratio(row, peer).toFixed(2).padStart(8)).join(' ');
    console.log(
      `${row.name.padEnd(14)} ${row.half.padEnd(9)} ${row.interpreter.toFixed(1).padStart(8)} ${speed.padStart(9)}  ${ratios}`,
    );
  }
  const summaryRows = {};
  for (const half of ['training', 'heldout']) {
    const part = rows.filter((row) => row.half === half);
    summaryRows[half] = Object.fromEntries(peers.map((peer) => [peer, geomean(part, peer)]));
    const text = peers.map((peer) => `${summaryRows[half][peer].toFixed(2)} x ${peer}`).join(', ');
    console.log(`geomean ${half}: ${text}`);
  }
  return { kernels: rows, geomean: summaryRows };
}
