/** What logging costs: one call of each class, and real programs recorded against not recorded. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import wabtInit from 'wabt';
import { pythonModule } from '../tools/guests/large.mjs';
import { Commands } from './lib/commands.mjs';
import { ratioSpread, spread } from './lib/statistics.mjs';
import { formatTable, withSpread } from './lib/table.mjs';

export const summary = 'ns and log bytes per host call; recording against not recording';

export const options = {
  rounds: { type: 'string', default: '5', help: 'timed rounds; the variants take turns in each' },
  calls: { type: 'string', default: '300000', help: 'calls of each class' },
};

/** One call of each class: its import and how it is made. */
const CALLS = {
  'sched_yield (pure)': ['sched_yield', '(result i32)', '(call $f)'],
  'clock_time_get (input)': [
    'clock_time_get',
    '(param i32 i64 i32) (result i32)',
    '(call $f (i32.const 1) (i64.const 0) (i32.const 64))',
  ],
  'fd_write of 2 bytes (output)': [
    'fd_write',
    '(param i32 i32 i32 i32) (result i32)',
    '(call $f (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))',
  ],
};

const PYTHON = `
import hashlib, random, sqlite3, time, uuid
numbers = [random.randrange(10**6) for _ in range(50000)]
for _ in range(20): sorted(numbers); hashlib.sha256(str(numbers).encode()).hexdigest()
db = sqlite3.connect(":memory:")
db.execute("CREATE TABLE t (x)")
db.executemany("INSERT INTO t VALUES (?)", [(n,) for n in numbers])
print(db.execute("SELECT count(*), max(x) FROM t").fetchone(), uuid.uuid4(), time.time())
for i in range(2000): print(i, time.perf_counter())
`;

const PROGRAMS = [
  { name: 'SQLite, in memory', args: ['guests/sqlite/sqlite.wasm', ':memory:', '20000'] },
  {
    name: 'SQLite, in a file',
    args: ['--dir', 'guests/lua::/data', 'guests/sqlite/sqlite.wasm', '/data/a.db', '20000'],
  },
  { name: 'CPython', file: pythonModule(), args: [pythonModule(), '-c', PYTHON] },
];

function loopOf([name, type, call], calls) {
  return `(module (import "wasi_snapshot_preview1" "${name}" (func $f ${type})) (memory (export "memory") 1)
    (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00")
    (func (export "_start") (local $left i32) (local.set $left (i32.const ${calls}))
      (loop $again (drop ${call})
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))`;
}

/** @param {Record<string, string>} values */
export async function run(values) {
  const commands = new Commands();
  const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-bench-'));
  try {
    const calls = await measureCalls(commands, folder, Number(values.calls), Number(values.rounds));
    const programs = PROGRAMS.filter(({ file }) => file === undefined || existsSync(file)).map((program) =>
      measureProgram(commands, program, Number(values.rounds)),
    );
    print(calls, programs);
    return { calls, programs };
  } finally {
    commands.remove();
    rmSync(folder, { recursive: true });
  }
}

async function measureCalls(commands, folder, calls, rounds) {
  const wabt = await wabtInit();
  return Object.entries(CALLS).map(([name, call]) => {
    const module = path.join(folder, 'calls.wasm');
    writeFileSync(module, wabt.parseWat('calls.wat', loopOf(call, calls)).toBinary({}).buffer);
    const { times, logBytes } = takeTurns(commands, [module], rounds);
    const ns = Object.entries(times).map(([mode, ms]) => [mode, spread(ms.map((one) => (one * 1e6) / calls))]);
    return { name, ns: Object.fromEntries(ns), logBytesPerCall: logBytes / calls };
  });
}

function measureProgram(commands, { name, args }, rounds) {
  const { times, cpu, logBytes, hostCalls, entries } = takeTurns(commands, args, rounds);
  const recording = ({ record, run }) => ({
    ratio: ratioSpread(record, run),
    least: Math.min(...record) / Math.min(...run),
  });
  const runMs = spread(times.run);
  return { name, hostCalls, entries, logBytes, runMs, processor: recording(cpu), clock: recording(times) };
}

/**
 * Each mode in interleaved rounds, every other one backwards. `times`: milliseconds of the guest alone; `cpu`: processor
 * milliseconds of the whole command, which other work on the machine disturbs less.
 */
function takeTurns(commands, args, rounds) {
  const times = { run: [], record: [], replay: [] };
  const cpu = { run: [], record: [], replay: [] };
  const modes = { run: () => commands.run(args), record: () => commands.record(args), replay: () => commands.replay() };
  let recorded = commands.record(args);
  for (let round = 0; round < rounds; round++) {
    const order = Object.keys(modes);
    for (const mode of round % 2 === 0 ? order : order.reverse()) {
      const stats = modes[mode]();
      times[mode].push(stats.wallMs);
      cpu[mode].push(stats.cpuMs);
      if (mode === 'record') recorded = stats;
    }
  }
  return { times, cpu, ...recorded };
}

function print(calls, programs) {
  const ns = (values) => withSpread(values, (value) => value.toFixed(0));
  const callRows = calls.map(({ name, ns: { run, record, replay }, logBytesPerCall }) => [
    name,
    ns(run),
    ns(record),
    ns(replay),
    logBytesPerCall.toFixed(1),
  ]);
  console.log(formatTable(['ns per call', 'run', 'record', 'replay', 'log bytes'], callRows));
  const recording = ({ least, ratio }) => [withSpread(ratio, (r) => r.toFixed(3)), least.toFixed(3)];
  const rows = programs.map(({ name, hostCalls, entries, logBytes, runMs, processor, clock }) => [
    name,
    ...[hostCalls, entries, logBytes].map(String),
    ns(runMs),
    ...recording(processor),
    ...recording(clock),
  ]);
  const counts = ['program', 'calls', 'entries', 'log bytes', 'run ms'];
  const header = [...counts, 'record / run (CPU)', 'of the least', 'record / run (clock of the guest)', 'of the least'];
  console.log(`\n${formatTable(header, rows)}`);
}
