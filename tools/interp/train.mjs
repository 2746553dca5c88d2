#!/usr/bin/env node
/**
 * Chooses the superinstructions (superops.json) from profiles of the training half of guests/kernels. Build first: it
 * uses dist/. `--count N` (default 180, see cliff.mjs), `--longest N` parts (default 4), `--half training|heldout|all`, `--dry`.
 *
 * A profiling loop counts how often every instruction is dispatched. Each kernel's counts are scaled to the same sum, so
 * that every kernel weighs alike. Then pairs of adjacent instructions are merged, the most frequent one first (byte pair
 * encoding, Gage 1994), and the sequences that save most dispatches under longest match are kept.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { layOut } from './fields.mjs';
import { generate, writeAll } from './generate.mjs';
import { commandLine, kernelHost, loadKernels } from './kernels.mjs';
import { ROWS } from './table.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const { InterpreterEngine } = await import(`${ROOT}/dist/engine/interpreter/index.js`);
const { DEFAULT_LIMITS, GuestStop } = await import(`${ROOT}/dist/engine/engine.js`);
const { Translator } = await import(`${ROOT}/dist/engine/interpreter/translate/translate.js`);
const { Entry, Memory } = await import(`${ROOT}/dist/engine/interpreter/generated/abi.js`);
const { Ir } = await import(`${ROOT}/dist/engine/interpreter/generated/ir.js`);

const rowByNumber = new Map(ROWS.map((row) => [Ir[row.name], { row, ...layOut(row) }]));

/** The loop without superinstructions, counting dispatches. */
export function profilingLoop() {
  const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-profile-'));
  try {
    cpSync(path.join(ROOT, 'assembly'), path.join(folder, 'assembly'), { recursive: true });
    cpSync(path.join(ROOT, 'asconfig.json'), path.join(folder, 'asconfig.json'));
    writeAll(generate({ superops: [], profile: true }), folder);
    const asc = path.join(ROOT, 'node_modules/assemblyscript/bin/asc.js');
    const args = [asc, 'assembly/index.ts', '--target', 'release', '--outFile', 'loop.wasm'];
    const { status } = spawnSync(process.execPath, args, { cwd: folder, stdio: 'inherit' });
    if (status !== 0) throw new Error('the profiling loop does not compile');
    return readFileSync(path.join(folder, 'loop.wasm'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a kernel and returns its segments: straight code with the number of its executions. */
async function profile(engine, kernel, repeats) {
  let instance;
  const exit = (exitCode) => new GuestStop({ kind: 'exited', exitCode });
  const host = kernelHost(commandLine(kernel, repeats), () => instance.memory, exit);
  const prepared = await engine.prepare(kernel.bytes);
  const resolve = (_module, name) => host.functions[name] ?? (() => 0);
  instance = prepared.instantiate({ imports: { resolve }, limits: DEFAULT_LIMITS, sliceFuel: Number.MAX_SAFE_INTEGER });
  instance.start();
  instance.call('_start', []);
  const { machine } = instance.spaces;
  const segments = [];
  for (const range of machine.code.all()) segments.push(...segmentsOf(machine, range));
  return segments;
}

const translator = new Translator();

function segmentsOf({ functions, memory }, { ref, entry }) {
  const { env, index } = functions.definition(ref);
  translator.translate(env, index, { fuse: false });
  const { code, frame, leaders } = translator.state;
  const isLeader = new Set(leaders);
  const segments = [];
  let current;
  for (let i = 0; i < code.count; i++) {
    const at = code.starts[i];
    const { row, fields } = rowByNumber.get(code.get16(at));
    if (current === undefined || isLeader.has(at)) {
      const count = memory.u32[(entry + Entry.SIZE + at + Memory.PROFILE) >> 2];
      current = { count, base: frame.base, items: [] };
      segments.push(current);
    }
    const slots = {};
    for (const field of fields) if (field.slot) slots[field.name] = code.get16(at + field.at);
    current.items.push({ name: row.name, slots });
    if (row.branch !== undefined || row.control !== undefined) current = undefined;
  }
  return segments.filter(({ count }) => count > 0);
}

const rowByName = new Map(ROWS.map((row) => [row.name, row]));
const isValue = (name) => {
  const row = rowByName.get(name);
  return row.heat === 'hot' && row.branch === undefined && row.control === undefined;
};
const isTail = (name) => {
  const row = rowByName.get(name);
  return row.heat === 'hot' && (row.branch !== undefined || row.tail === true);
};

/** The text of a superinstruction (superops.mjs) for `items`; undefined if they cannot be one. */
function superopText(items, base) {
  const texts = [];
  for (const [part, { name, slots }] of items.entries()) {
    if (part < items.length - 1 ? !isValue(name) : !isValue(name) && !isTail(name)) return undefined;
    const links = [];
    for (const [field, slot] of Object.entries(slots)) {
      if (field === 'd') continue;
      const writer = items.slice(0, part).findLastIndex((earlier) => earlier.slots.d === slot);
      if (writer >= 0) links.push(`:${field}${slot >= base ? '-' : '='}${writer}`);
    }
    texts.push(name + links.join(''));
  }
  return texts.join(' ');
}

/** Byte pair encoding over all segments; returns candidate texts, best first. */
function candidates(segments, wanted, longest) {
  const tokens = segments.map(({ items }) => items.map((item) => [item]));
  const chosen = new Set();
  while (chosen.size < wanted) {
    const scores = new Map();
    for (const [index, { weight, base }] of segments.entries()) {
      const list = tokens[index];
      for (let i = 0; i + 1 < list.length; i++) {
        if (list[i].length + list[i + 1].length > longest) continue;
        const text = superopText([...list[i], ...list[i + 1]], base);
        if (text !== undefined) scores.set(text, (scores.get(text) ?? 0) + weight);
      }
    }
    const [best] = [...scores].reduce((top, each) => (each[1] > top[1] ? each : top), ['', 0]);
    if (best === '') break;
    chosen.add(best);
    for (const [index, { base }] of segments.entries()) {
      const list = tokens[index];
      for (let i = 0; i + 1 < list.length; i++) {
        if (list[i].length + list[i + 1].length > longest) continue;
        const merged = [...list[i], ...list[i + 1]];
        if (superopText(merged, base) === best) list.splice(i, 2, merged);
      }
    }
  }
  return [...chosen];
}

/** Dispatches that each superinstruction saves under longest match, and all dispatches that are left. */
function usage(segments, texts, longest) {
  const set = new Set(texts);
  const saved = new Map(texts.map((text) => [text, 0]));
  let left = 0;
  for (const { items, base, weight } of segments) {
    for (let i = 0; i < items.length; ) {
      let length = Math.min(longest, items.length - i);
      let text;
      for (; length > 1; length--) {
        text = superopText(items.slice(i, i + length), base);
        if (text !== undefined && set.has(text)) break;
      }
      if (length > 1) saved.set(text, saved.get(text) + weight * (length - 1));
      left += weight;
      i += Math.max(length, 1);
    }
  }
  return { saved, left };
}

/** Prunes the least useful candidates until `count` are left. */
function select(segments, texts, count, longest) {
  let kept = texts;
  for (;;) {
    const { saved } = usage(segments, kept, longest);
    kept = kept.filter((text) => saved.get(text) > 0).sort((a, b) => saved.get(b) - saved.get(a));
    if (kept.length <= count) return kept;
    kept = kept.slice(0, Math.max(count, Math.floor(kept.length * 0.9)));
  }
}

function normalise(segments) {
  const total = segments.reduce((sum, { count, items }) => sum + count * items.length, 0);
  return segments.map((segment) => ({ ...segment, weight: segment.count / total }));
}

async function main(args) {
  const option = (name, fallback) => (args.includes(name) ? args[args.indexOf(name) + 1] : fallback);
  const count = Number(option('--count', 180));
  const longest = Number(option('--longest', 4));
  const half = option('--half', 'training');
  const engine = new InterpreterEngine({ loop: profilingLoop() });
  const segments = [];
  const kernels = loadKernels().filter((kernel) => half === 'all' || kernel.half === half);
  for (const kernel of kernels) {
    const repeats = Math.max(1, Math.round(kernel.repeats / 200));
    segments.push(...normalise(await profile(engine, kernel, repeats)));
  }
  const found = candidates(segments, Math.round(count * 1.7), longest);
  const kept = select(segments, found, count, longest);
  const { left } = usage(segments, kept, longest);
  console.log(
    `train: ${kernels.length} kernels, ${found.length} candidates, ${kept.length} kept, ${((100 * left) / kernels.length).toFixed(1)} % of dispatches left`,
  );
  const file = option('--out', fileURLToPath(new URL('./superops.json', import.meta.url)));
  if (!args.includes('--dry')) writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
}

await main(process.argv.slice(2));
