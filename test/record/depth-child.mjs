/**
 * One process of depth-tiers.test.ts: `node [V8 FLAGS] depth-child.mjs MODULE` overflows the stack in every shape, on a
 * thread with a guest's stack, and prints one JSON line per shape. It uses the built engine.
 */
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { CompiledEngine } from '../../dist/engine/compiled/index.js';
import { DEFAULT_LIMITS } from '../../dist/engine/engine.js';

function overflow(prepared, shape) {
  const reports = [];
  const instance = prepared.instantiate({
    imports: { resolve: () => (depth, counter) => reports.push([depth, counter]) },
    limits: DEFAULT_LIMITS,
    sliceFuel: 1_000_000,
  });
  instance.start();
  const { kind, trap, counter } = instance.call(shape, [1]);
  return JSON.stringify({ shape, kind, trap, counter, levels: reports.length, last: reports.at(-1) });
}

async function overflowAll(file) {
  const prepared = await new CompiledEngine().prepare(readFileSync(file));
  const shapes = prepared.exports.filter((entry) => entry.kind === 'func').map((entry) => entry.name);
  return shapes.map((shape) => overflow(prepared, shape)).join('\n');
}

if (isMainThread) {
  // The stack that src/runtime/node gives to a guest's thread.
  const worker = new Worker(new URL(import.meta.url), {
    workerData: process.argv[2],
    resourceLimits: { stackSizeMb: 64 },
  });
  worker.on('message', (text) => process.stdout.write(`${text}\n`));
} else {
  parentPort.postMessage(await overflowAll(workerData));
}
