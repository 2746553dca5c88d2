/** What the injected code costs while nothing of it is needed: each feature on top of the counter, and all together. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { clangModule, pythonModule } from '../tools/guests/large.mjs';
import { load, programs, runOnce } from './lib/injected-programs.mjs';
import { median, ratioSpread } from './lib/statistics.mjs';
import { formatTable, withSpread } from './lib/table.mjs';

export const summary = 'steady-state time of injected code, as ratios to the module as it is';

export const options = {
  rounds: { type: 'string', default: '7', help: 'timed rounds; the variants take turns in each' },
  scale: { type: 'string', default: '0.3', help: 'share of the 0.2 s that a kernel takes' },
  programs: { type: 'string', default: '', help: 'names, separated by commas (all of them)' },
  variants: { type: 'string', default: '', help: 'names, separated by commas (all of them)' },
  python: { type: 'string', default: 'python3', help: 'a Python that may have the package wasmtime' },
};

const { CompiledEngine } = await load('engine/compiled/index.js');
const { DEFAULT_LIMITS, GuestStop } = await load('engine/engine.js');
const { inject } = await load('inject/index.js');
const { setGuestFlags } = await load('runtime/node/v8-flags.js');
const { decodeModule } = await load('wasm/decode/index.js');

const NOTHING = { depth: false, preemption: false, canonicalNans: false, capture: false };
const REST = { depth: true, preemption: true, canonicalNans: true, capture: false };
const VARIANTS = {
  original: undefined,
  counter: NOTHING,
  depth: { ...NOTHING, depth: true },
  preemption: { ...NOTHING, preemption: true },
  nan: { ...NOTHING, canonicalNans: true },
  capture: { ...NOTHING, preemption: true, capture: true },
  /** Everything but NaN. */
  stack: { ...NOTHING, depth: true, preemption: true, capture: true },
  rest: REST,
  all: { ...REST, capture: true },
  asyncify: undefined,
};
/** As guests are run outside of benchmarks (src/runtime/node/guest-host.ts). */
const SLICE_FUEL = 5_000_000;
/** Of the large programs. */
const LARGE_VARIANTS = ['original', 'counter', 'all'];
/** Until V8 has compiled all that matters: with 3, some originals were measured half-compiled, and looked twice as slow. */
const WARM_UPS = 20;
/** Each run of these takes seconds, in which V8 gets through most of them. */
const LONG_WARM_UPS = 4;
const REWRITE_CHILD = fileURLToPath(new URL('lib/rewrite-child.mjs', import.meta.url));
const WASMTIME_TIMES = fileURLToPath(new URL('lib/wasmtime-times.py', import.meta.url));

/** @param {Record<string, string>} values */
export async function run(values) {
  const chosen = values.variants === '' ? Object.keys(VARIANTS) : ['original', ...values.variants.split(',')];
  const names = values.programs.split(',').filter((name) => name !== '');
  const results = [];
  setGuestFlags();
  for (const program of programs(Number(values.scale))) {
    if (names.length > 0 && !names.includes(program.name)) continue;
    const variants = program.large ? chosen.filter((variant) => LARGE_VARIANTS.includes(variant)) : chosen;
    results.push(await measure(program, [...new Set(variants)], Number(values.rounds)));
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${program.name}`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  print(results, [...new Set(chosen)]);
  const rewriting = measureRewriting(names);
  const besides = compareWithWasmtime(results, values);
  return { results, rewriting, besides };
}

/** The large ones are there if `node tools/guests/large.mjs` has fetched them. */
function measureRewriting(names) {
  const guest = (file) => fileURLToPath(new URL(`../guests/${file}`, import.meta.url));
  const modules = {
    lua: guest('lua/lua.wasm'),
    sqlite: guest('sqlite/sqlite.wasm'),
    cpython: pythonModule(),
    clang: clangModule(),
  };
  const measured = Object.entries(modules)
    .filter(([name, file]) => existsSync(file) && (names.length === 0 || names.includes(name)))
    .flatMap(([name, file]) =>
      ['one', 'all'].map((threads) => ({
        ...{ name, threads },
        ...JSON.parse(execFileSync(process.execPath, [REWRITE_CHILD, file, threads], { encoding: 'utf8' })),
      })),
    );
  const rows = measured.map(({ bytes, clock, name, peakBytes, processor, rewritten, threads }) => [
    ...[name, threads, `${(bytes / 1e6).toFixed(1)} MB`],
    ...[clock.first, clock.best].map((ms) => `${(bytes / 1e3 / ms).toFixed(1)} MB/s`),
    ...[processor.first, processor.best].map((ms) => `${(ms / 1e3).toFixed(2)} s`),
    ...[rewritten / bytes, peakBytes / bytes].map((ratio) => ratio.toFixed(1)),
  ]);
  const columns = [
    'module',
    'threads',
    'size',
    'first time',
    'best of 3',
    'processor, first',
    'best',
    'rewritten',
    'peak',
  ];
  console.log('\ndecoding and rewriting, everything on; rewritten size and peak memory in sizes of the module\n');
  console.log(formatTable(columns, rows));
  return measured;
}

/** Each engine's price of counting, as a ratio to itself without; and the two with counting, one over the other. */
function compareWithWasmtime(results, { python, rounds, scale }) {
  const measured = [];
  for (const program of programs(Number(scale))) {
    const ours = results.find(({ name }) => name === program.name)?.ms;
    const times = ours?.all === undefined ? undefined : wasmtimeTimes(python, rounds, program);
    if (times !== undefined) measured.push({ name: program.name, ours, ...times });
  }
  if (measured.length === 0) {
    console.log(`\nnot beside Wasmtime: ${python} has no package wasmtime`);
    return measured;
  }
  const mean = (of) =>
    Math.exp(measured.reduce((sum, each) => sum + Math.log(of(each)), 0) / measured.length).toFixed(2);
  const columns = [
    ({ ours }) => ours.all / ours.original,
    ({ fuel, plain }) => fuel / plain,
    ({ fuel, ours }) => ours.all / fuel,
  ];
  const rows = measured.map((each) => [each.name, ...columns.map((of) => of(each).toFixed(2)), withSpread(each.ratio)]);
  rows.push(['geomean', ...columns.map(mean), '']);
  console.log('\nbeside Wasmtime\n');
  console.log(
    formatTable(
      [
        ...['program', 'ours: all / original', 'Wasmtime: fuel / none', 'ours / Wasmtime with fuel'],
        'fuel / none, round by round',
      ],
      rows,
    ),
  );
  return measured;
}

function wasmtimeTimes(python, rounds, { args, bytes, files = {}, stdin = '' }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-bench-'));
  try {
    const [module, input] = ['guest.wasm', 'stdin'].map((name) => path.join(folder, name));
    writeFileSync(module, bytes);
    writeFileSync(input, stdin);
    const data = path.join(folder, 'data');
    mkdirSync(data);
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(data, name), content);
    const text = execFileSync(python, [WASMTIME_TIMES, rounds, input, data, module, ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const { fuel, plain } = JSON.parse(text);
    return { fuel: Math.min(...fuel), plain: Math.min(...plain), ratio: ratioSpread(fuel, plain) };
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The shortest processor time of each variant: what disturbs a round only adds to it. `ratio`: round by round. */
async function measure(program, variants, rounds) {
  const runs = new Map();
  const sizes = {};
  for (const variant of variants) {
    const { bytes, run } = await prepare(program, variant);
    runs.set(variant, run);
    sizes[variant] = bytes;
  }
  const expected = runs.get(variants[0])();
  const samples = Object.fromEntries(variants.map((variant) => [variant, []]));
  const warmUps = program.large ? LONG_WARM_UPS : WARM_UPS;
  for (let round = -warmUps; round < rounds; round++) {
    for (const variant of variants) {
      const started = process.cpuUsage();
      if (runs.get(variant)() !== expected) throw new Error(`${program.name} as ${variant} writes something else`);
      const { system, user } = process.cpuUsage(started);
      if (round >= 0) samples[variant].push((user + system) / 1000);
    }
  }
  const each = (of) => Object.fromEntries(variants.map((variant) => [variant, of(samples[variant])]));
  const ms = each((taken) => Math.min(...taken));
  const ratio = each((taken) => ratioSpread(taken, samples.original));
  return { name: program.name, ms, ratio, bytes: sizes };
}

async function prepare(program, variant) {
  if (variant === 'original') return plain(program, program.bytes);
  if (variant === 'asyncify') return plain(program, asyncified(program.bytes));
  const options = VARIANTS[variant];
  if (options === undefined) throw new Error(`there is no variant ${variant}`);
  const prepared = await new CompiledEngine({ inject: options }).prepare(program.bytes);
  const run = () =>
    runOnce(program, (imports) => {
      const instance = prepared.instantiate({ imports, limits: DEFAULT_LIMITS, sliceFuel: SLICE_FUEL });
      const start = () => {
        instance.start();
        instance.call('_start', []);
      };
      return { memory: () => instance.memory, start };
    });
  return { run, bytes: inject(decodeModule(program.bytes), options).bytes.length };
}

/** The module without an engine around it. */
function plain(program, bytes) {
  const module = new WebAssembly.Module(bytes);
  const wanted = WebAssembly.Module.imports(module);
  const run = () =>
    runOnce(program, (imports) => {
      const linked = {};
      for (const { module: from, name } of wanted) {
        const type = decodedType(program, from, name);
        linked[from] ??= {};
        linked[from][name] = withCounter(imports.resolve(from, name, type), type.params.length);
      }
      const { exports } = new WebAssembly.Instance(module, linked);
      const view = () => {
        const { buffer } = exports.memory;
        return { bytes: new Uint8Array(buffer), view: new DataView(buffer) };
      };
      return { memory: view, start: () => start(exports) };
    });
  return { run, bytes: bytes.length };
}

function withCounter(host, params) {
  return (...args) => {
    args[params] = 0;
    return host(...args);
  };
}

function start(exports) {
  try {
    exports._start();
  } catch (thrown) {
    if (!(thrown instanceof GuestStop)) throw thrown;
  }
}

function decodedType(program, from, name) {
  program.module ??= decodeModule(program.bytes);
  const entry = program.module.imports.find((each) => each.module === from && each.name === name);
  return program.module.types[entry.desc.typeIndex];
}

function asyncified(bytes) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-bench-'));
  try {
    const file = path.join(folder, 'in.wasm');
    writeFileSync(file, bytes);
    const wasmOpt = path.join(path.dirname(createRequire(import.meta.url).resolve('binaryen')), 'bin/wasm-opt');
    execFileSync(process.execPath, [wasmOpt, '-all', '--asyncify', '-O1', file, '-o', `${file}.out`], {
      stdio: 'pipe',
    });
    return new Uint8Array(readFileSync(`${file}.out`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(results, variants) {
  const others = variants.filter((variant) => variant !== 'original');
  const ratio = (result, what, variant) => result[what][variant] / result[what].original;
  const rows = results.map((result) => [
    result.name,
    `${result.ms.original.toFixed(1)} ms`,
    ...others.map((variant) =>
      result.ms[variant] === undefined
        ? ''
        : `${ratio(result, 'ms', variant).toFixed(2)} / ${ratio(result, 'bytes', variant).toFixed(2)}`,
    ),
  ]);
  const mean = (what, variant) => {
    const measured = results.filter((result) => result.ms[variant] !== undefined);
    return Math.exp(measured.reduce((sum, each) => sum + Math.log(ratio(each, what, variant)), 0) / measured.length);
  };
  const wasMeasured = (variant) => results.some(({ ms }) => ms[variant] !== undefined);
  rows.push([
    'geomean',
    '',
    ...others.map((variant) =>
      wasMeasured(variant) ? `${mean('ms', variant).toFixed(3)} / ${mean('bytes', variant).toFixed(2)}` : '',
    ),
  ]);
  console.log('time / module size, as ratios to the original\n');
  console.log(formatTable(['program', 'original', ...others], rows));
  printSpread(results, others.at(-1) === 'asyncify' ? 'all' : others.at(-1));
}

/** How far one variant's rounds lie apart: on a busy machine, only a median and its neighbours mean anything. */
function printSpread(results, variant) {
  const measured = results.filter(({ ratio }) => ratio[variant] !== undefined);
  const rows = measured.map(({ name, ratio }) => [name, withSpread(ratio[variant])]);
  const medians = measured.map(({ ratio }) => ratio[variant].median);
  rows.push(['median of all', median(medians).toFixed(2)]);
  console.log(`\n${variant} / original, round by round: median (least to most)\n`);
  console.log(formatTable(['program', 'ratio'], rows));
}
