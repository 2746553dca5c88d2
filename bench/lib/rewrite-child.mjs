// Rewrites one module in a process of its own, so that its peak memory can be told: `rewrite-child.mjs FILE one|all`, for one
// thread or as many as there are processors. JSON on stdout; times in ms.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { load } from './injected-programs.mjs';

const { decodeModule } = await load('wasm/decode/index.js');
const { DEFAULT_INJECT_OPTIONS, inject, injectTogether } = await load('inject/index.js');
const { readModule } = await load('runtime/node/read-module.js');
const { rewriteThreads } = await load('runtime/node/rewrite-threads.js');

/** Of this program: on Linux, the maximum that getrusage knows may be that of the process which started this one. */
function peakKib() {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

const [file, threads] = process.argv.slice(2);
const bytes = await readModule(file);
const helper = threads === 'all' ? rewriteThreads.start() : undefined;
const before = peakKib();
const clock = [];
const processor = [];
let rewritten = 0;
let peak = 0;
for (let round = 0; round < 3; round++) {
  const startedMs = performance.now();
  const started = process.cpuUsage();
  const module = decodeModule(bytes);
  const { bytes: made } =
    helper === undefined ? inject(module) : await injectTogether(module, DEFAULT_INJECT_OPTIONS, helper.help);
  const { system, user } = process.cpuUsage(started);
  clock.push(performance.now() - startedMs);
  processor.push((user + system) / 1000);
  rewritten = made.length;
  // Later rounds have the garbage of earlier ones beside them.
  if (round === 0) peak = (peakKib() - before) * 1024 + bytes.length;
}
helper?.close();
const of = (times) => ({ first: times[0], best: Math.min(...times) });
process.stdout.write(
  JSON.stringify({ bytes: bytes.length, rewritten, clock: of(clock), processor: of(processor), peakBytes: peak }),
);
