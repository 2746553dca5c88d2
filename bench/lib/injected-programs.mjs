/** The programs of the injection benchmark: every kernel, Lua and SQLite, each run inside WASI on a host in memory. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
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

/**
 * @typedef {{ name: string, bytes: Uint8Array, args: string[], stdin?: string }} Program
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
  ];
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
  const wasi = createWasi({ args: program.args }, host(program.stdin, chunks), session);
  const { memory, start } = instantiate(wasi.imports);
  wasi.bindMemory(memory);
  start();
  return Buffer.concat(chunks).toString('latin1');
}
