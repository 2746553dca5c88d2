/**
 * The programs of the injection benchmark, each run inside WASI on a host in memory: every kernel, Lua, SQLite and, where
 * `node tools/guests/large.mjs` has fetched them, CPython and clang.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { clangModule, pythonModule } from '../../tools/guests/large.mjs';
import { commandLine, loadKernels } from '../../tools/interp/kernels.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const DIST = process.env['FTW_DIST'] ?? path.join(ROOT, 'dist');

export const load = (/** @type {string} */ name) => import(path.join(DIST, name));

const { MemoryInput, MemoryNetwork, ManualClock, OpenBarrier, SeededEntropy } = await load('host/memory.js');
const { Session } = await load('record/session.js');
const { createWasi } = await load('wasi/wasi.js');

/** A Lua program of calls, tables and strings. */
const LUA = `local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local t = {}
for i = 1, 60000 do t[i] = (i * 7919) % 10007 end
table.sort(t)
local parts = {}
for i = 1, 6000 do parts[#parts + 1] = string.format("%d:%s", i, tostring(t[i])) end
print(fib(23), t[30000], #table.concat(parts))`;

/** A Python program of objects, strings, hashing and sorting. */
const PYTHON = `
import hashlib, json, re
numbers = [i * 7919 % 1000003 for i in range(30000)]
for size in range(1000, 30001, 7250):
    words = {}
    for n in numbers[:size]: words.setdefault(str(n)[:3], []).append(n)
    text = json.dumps(words, sort_keys=True)
    found = len(re.findall(r"1[0-9]+7", text))
    print(len(words), found, hashlib.sha256(text.encode()).hexdigest(), sum(sorted(numbers[:size])[::7]))
`;

/** Compiled and optimised by clang: functions with loops, branches and arithmetic that it has to think about. */
const C = Array.from(
  { length: 40 },
  (_, i) => `
static unsigned hash${i}(const unsigned char *text, unsigned length) {
  unsigned h = ${i}u;
  for (unsigned k = 0; k < length; k++) h = (h ^ text[k]) * 16777619u + (h >> ${(i % 13) + 3});
  return h;
}
double work${i}(double *values, unsigned char *text, unsigned length) {
  double sum = ${i}.5;
  for (unsigned k = 0; k + 1 < length; k++) {
    values[k] = values[k] * sum + values[k + 1] / (1.0 + k);
    switch (text[k] % 7) {
      case 0: sum += values[k]; break;
      case 1: sum -= hash${i}(text + k, length - k); break;
      case 2: if (sum > values[k]) continue; text[k] ^= (unsigned char)sum; break;
      default: for (unsigned m = 0; m < text[k]; m++) sum += values[m % length] * m;
    }
  }
  return sum;
}`,
).join('\n');

/**
 * `files`: of the directory /data. `large`: measured in fewer variants, as each takes hundreds of megabytes of code.
 * @typedef {{ name: string, bytes: Uint8Array, args: string[], stdin?: string, files?: Record<string, string>, large?: boolean }} Program
 * @param {number} scale of the kernels' repetitions
 * @returns {Program[]}
 */
export function programs(scale) {
  const guest = (/** @type {string} */ file) => new Uint8Array(readFileSync(path.join(ROOT, 'guests', file)));
  return [
    ...loadKernels().map((kernel) => ({
      name: kernel.name,
      bytes: kernel.bytes,
      args: commandLine(kernel, Math.max(1, Math.round(kernel.repeats * scale))),
    })),
    { name: 'lua', bytes: guest('lua/lua.wasm'), args: ['lua'], stdin: LUA },
    { name: 'sqlite', bytes: guest('sqlite/sqlite.wasm'), args: ['sqlite', ':memory:', '12000'] },
    ...largePrograms(),
  ];
}

function largePrograms() {
  const clang = ['clang', '-cc1', '-triple', 'wasm32-wasip1', '-O2', '-S', '-o', '-', '/data/a.c'];
  return [
    { name: 'cpython', file: pythonModule(), args: ['python', '-c', PYTHON] },
    { name: 'clang', file: clangModule(), args: clang, files: { 'a.c': C } },
  ].flatMap(({ file, ...program }) =>
    existsSync(file) ? [{ ...program, bytes: new Uint8Array(readFileSync(file)), large: true }] : [],
  );
}

function preopens(/** @type {Record<string, string> | undefined} */ files) {
  if (files === undefined) return [];
  const entries = Object.entries(files).map(([name, text]) => ({ path: name, kind: 'file', bytes: Buffer.from(text) }));
  return [{ guest: '/data', mode: 'private', entries }];
}

function host(/** @type {string | undefined} */ text, /** @type {Uint8Array[]} */ chunks) {
  const stdin = new MemoryInput(text ?? '');
  stdin.closed = true;
  const nothing = () => {};
  return {
    clock: new ManualClock(),
    entropy: new SeededEntropy(1),
    network: new MemoryNetwork(0),
    stdin,
    waiter: { wait: nothing },
    output: {
      stdio: (/** @type {number} */ _fd, /** @type {Uint8Array} */ bytes) => void chunks.push(bytes.slice()),
      ...{ send: nothing, shutdown: nothing, close: nothing },
    },
    barrier: new OpenBarrier(),
  };
}

/**
 * Makes a runner of one program: each call runs it once and answers what it wrote.
 * @param {Program} program
 * @param {(imports: object) => { memory: () => unknown, start: () => void }} instantiate
 */
export function runOnce(program, instantiate) {
  /** @type {Uint8Array[]} */
  const chunks = [];
  const session = new Session({ sink: { append: () => {} } });
  const config = { args: program.args, preopens: preopens(program.files) };
  const wasi = createWasi(config, host(program.stdin, chunks), session);
  const { memory, start } = instantiate(wasi.imports);
  wasi.bindMemory(memory);
  start();
  return Buffer.concat(chunks).toString('latin1');
}
