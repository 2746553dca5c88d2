/** What the injected code costs while nothing of it is needed: each feature on top of the counter, and all together. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { clangModule, pythonModule } from '../tools/guests/large.mjs';
import { programs } from './lib/injected-programs.mjs';
import { VARIANTS } from './lib/injected-variants.mjs';
import { median, ratioSpread } from './lib/statistics.mjs';
import { formatTable, withSpread } from './lib/table.mjs';

export const summary = 'steady-state time of injected code, as ratios to the module as it is';

export const options = {
  rounds: { type: 'string', default: '5', help: 'timed rounds in each process; the variants take turns in them' },
  passes: { type: 'string', default: '2', help: 'processes, every other time in reverse order' },
  scale: { type: 'string', default: '0.3', help: 'share of the 0.2 s that a kernel takes' },
  programs: { type: 'string', default: '', help: 'names, separated by commas (all of them)' },
  variants: { type: 'string', default: '', help: 'names, separated by commas (all of them)' },
  python: { type: 'string', default: 'python3', help: 'a Python that may have the package wasmtime' },
};

/** Of the large programs, each of whose variants has a process to itself: together they would take gigabytes. */
const LARGE_VARIANTS = ['original', 'defaults', 'counter', 'all'];
const CHILD = fileURLToPath(new URL('lib/injected-child.mjs', import.meta.url));
const REWRITE_CHILD = fileURLToPath(new URL('lib/rewrite-child.mjs', import.meta.url));
const WASMTIME_TIMES = fileURLToPath(new URL('lib/wasmtime-times.py', import.meta.url));

/** @param {Record<string, string>} values */
export function run(values) {
  const chosen = values.variants === '' ? Object.keys(VARIANTS) : ['original', ...values.variants.split(',')];
  const unique = [...new Set(chosen)];
  const names = values.programs.split(',').filter((name) => name !== '');
  const results = [];
  for (const program of programs(Number(values.scale))) {
    if (names.length > 0 && !names.includes(program.name)) continue;
    // All of them only where they are asked for by name: a minute each.
    const few = program.large && values.variants === '';
    results.push(measure(program, few ? LARGE_VARIANTS : unique, values));
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${program.name}`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  print(results, unique);
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
  if (measured.length === 0) return measured;
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

/** The least time of the guest's thread for each variant: what disturbs a round only adds to it. `ratio`: round by round. */
function measure(program, variants, { passes, rounds, scale }) {
  const together = variants.filter((variant) => variant !== 'defaults');
  const groups = program.large ? together.map((variant) => [variant]) : [together];
  if (variants.includes('defaults')) groups.push(['defaults']);
  const samples = Object.fromEntries(variants.map((variant) => [variant, []]));
  const bytes = {};
  for (let pass = 0; pass < Number(passes); pass++) {
    for (const group of pass % 2 === 0 ? groups : groups.toReversed()) {
      const args = [...process.execArgv, CHILD, program.name, group.join(','), rounds, scale];
      const child = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
      for (const variant of group) samples[variant].push(...child.samples[variant]);
      Object.assign(bytes, child.bytes);
    }
  }
  const each = (of) => Object.fromEntries(variants.map((variant) => [variant, of(samples[variant])]));
  const ms = each((taken) => Math.min(...taken));
  const ratio = each((taken) => ratioSpread(taken, samples.original));
  return { name: program.name, ms, ratio, bytes };
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
