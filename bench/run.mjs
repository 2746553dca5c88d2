/** Whole programs from the command line: Node's own WASI beside `ft-wasm run`, with and without its cache, and `record`. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { clangModule, pythonModule } from '../tools/guests/large.mjs';
import { Commands, timed } from './lib/commands.mjs';
import { ratioSpread, spread } from './lib/statistics.mjs';
import { formatTable, withSpread } from './lib/table.mjs';

export const summary =
  'whole programs: start to first instruction, wall clock and processor time, beside Node’s own WASI';

export const options = {
  rounds: { type: 'string', default: '5', help: 'timed rounds; the variants take turns in each' },
  only: { type: 'string', default: '', help: 'only programs whose name contains this' },
};

const NODE_WASI = fileURLToPath(new URL('../tools/programs/node-wasi.mjs', import.meta.url));

const PYTHON = `
import hashlib, json, sqlite3
numbers = [i * 7919 % 1000003 for i in range(50000)]
for _ in range(20): sorted(numbers); hashlib.sha256(json.dumps(numbers).encode()).hexdigest()
db = sqlite3.connect(":memory:")
db.execute("CREATE TABLE t (x)")
db.executemany("INSERT INTO t VALUES (?)", [(n,) for n in numbers])
print(db.execute("SELECT count(*), max(x) FROM t").fetchone())
`;

/** `/` is the folder of the Lua guest, without what the guest may have written there. */
const PROGRAMS = [
  { name: 'crc32 (3 KB)', module: 'guests/kernels/c/crc32.wasm', args: ['20'] },
  { name: 'Lua (280 KB)', module: 'guests/lua/lua.wasm', args: ['/work.lua'] },
  { name: 'SQLite (1 MB)', module: 'guests/sqlite/sqlite.wasm', args: [':memory:', '20000'] },
  { name: 'CPython (26 MB)', module: pythonModule(), args: ['-c', PYTHON] },
  { name: 'clang --version (75 MB)', module: clangModule(), args: ['--version'] },
];

/** @param {Record<string, string>} values */
export async function run(values) {
  const commands = new Commands();
  const cache = mkdtempSync(path.join(tmpdir(), 'ft-wasm-bench-cache-'));
  try {
    const chosen = PROGRAMS.filter(({ module, name }) => name.includes(values.only) && existsSync(module));
    const programs = chosen.map((program) => measure(commands, cache, program, Number(values.rounds)));
    print(programs);
    return programs;
  } finally {
    commands.remove();
    rmSync(cache, { recursive: true });
  }
}

function measure(commands, cache, { args, module, name }, rounds) {
  const guest = ['--dir', 'guests/lua::/', module, ...args];
  const variants = {
    'node:wasi': () => timed([process.execPath, '--no-warnings', NODE_WASI, 'guests/lua', '{}', module, ...args]),
    'run, no cache': () => commands.run(['--no-cache', ...guest]),
    run: () => commands.run(['--cache', cache, ...guest]),
    record: () => commands.record(['--cache', cache, ...guest]),
  };
  variants.run();
  const taken = Object.fromEntries(Object.keys(variants).map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round++) {
    const order = Object.keys(variants);
    for (const variant of round % 2 === 0 ? order : order.reverse()) taken[variant].push(variants[variant]());
  }
  return {
    name,
    variants: Object.fromEntries(Object.entries(taken).map(([variant, runs]) => [variant, of(runs, taken)])),
  };
}

function of(runs, taken) {
  const numbers = (key) => runs.map((run) => run[key]);
  const [total, cpu] = [numbers('totalMs'), numbers('cpuMs')];
  const start = runs[0].wallMs === undefined ? undefined : spread(runs.map(({ totalMs, wallMs }) => totalMs - wallMs));
  const ratio = ratioSpread(
    cpu,
    taken['node:wasi'].map(({ cpuMs }) => cpuMs),
  );
  return { start, total: spread(total), cpu: spread(cpu), ratio };
}

function print(programs) {
  const ms = (values) => (values === undefined ? '' : withSpread(values, (value) => value.toFixed(0)));
  for (const { name, variants } of programs) {
    const rows = Object.entries(variants).map(([variant, { cpu, ratio, start, total }]) => [
      ...[variant, ms(start), ms(total), ms(cpu)],
      withSpread(ratio),
    ]);
    console.log(`${formatTable([name, 'around the guest, ms', 'in all, ms', 'CPU ms', 'CPU / node:wasi'], rows)}\n`);
  }
}
