// Rewrites one module in a process of its own, so that its peak memory can be told: `rewrite-child.mjs FILE`, JSON on stdout.
import { readFileSync } from 'node:fs';
import { load } from './injected-programs.mjs';

const { decodeModule } = await load('wasm/decode/index.js');
const { inject } = await load('inject/index.js');

const bytes = new Uint8Array(readFileSync(process.argv[2]));
const before = process.resourceUsage().maxRSS;
const times = [];
let rewritten = 0;
let peak = 0;
for (let round = 0; round < 3; round++) {
  const started = process.cpuUsage();
  rewritten = inject(decodeModule(bytes)).bytes.length;
  const { system, user } = process.cpuUsage(started);
  times.push((user + system) / 1000);
  // Later rounds have the garbage of earlier ones beside them.
  if (round === 0) peak = (process.resourceUsage().maxRSS - before) * 1024 + bytes.length;
}
process.stdout.write(
  JSON.stringify({ bytes: bytes.length, rewritten, firstMs: times[0], bestMs: Math.min(...times), peakBytes: peak }),
);
