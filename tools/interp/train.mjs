#!/usr/bin/env node
/**
 * Chooses the superinstructions (superops.json) from profiles of the training half of guests/kernels. Build first: it
 * uses dist/. `--count N` (default 180) from kernels and larger programs together, `--longest N` parts (default 4),
 * `--programs W` (weight of the programs, default 0.5), `--extra N` (default 28) more from the kernels alone,
 * `--half training|heldout|all`, `--out FILE`, `--dry`.
 *
 * A profiling loop counts how often every instruction is dispatched. Each kernel's counts are scaled to the same sum, so
 * that every kernel weighs alike. Then pairs of adjacent instructions are merged, the most frequent one first (byte pair
 * encoding, Gage 1994), and the sequences that save most dispatches under longest match are kept. More than about 210 cross the cliff (cliff.mjs).
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** The loop, counting dispatches. A segment starts with one, so the present superinstructions do not matter. */
export function profilingLoop() {
  const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-profile-'));
  try {
    cpSync(path.join(ROOT, 'assembly'), path.join(folder, 'assembly'), { recursive: true });
    cpSync(path.join(ROOT, 'asconfig.json'), path.join(folder, 'asconfig.json'));
    writeAll(generate({ profile: true }), folder);
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

/** Larger programs, which are not run here: each instruction counts 8 times as often per loop around it. */
const PROGRAMS = [
  'guests/lua/lua.wasm',
  'guests/sqlite/sqlite.wasm',
  'guests/compress/compress.wasm',
  'guests/kv/build/kv.wasm',
];
const LOOP_FACTOR = 8;
/** Only the most frequent pieces of code of a program: the others cost time and decide nothing. */
const PROGRAM_SEGMENTS = 6000;

/** Segments of a program with estimated counts. */
async function estimate(engine, file) {
  const prepared = await engine.prepare(readFileSync(path.join(ROOT, file)));
  const imports = { resolve: () => () => 0 };
  const instance = prepared.instantiate({ imports, limits: DEFAULT_LIMITS, sliceFuel: Number.MAX_SAFE_INTEGER });
  const { spaces } = instance;
  const segments = [];
  const imported = spaces.functionRefs.length - spaces.module.bodies.length;
  for (let index = imported; index < spaces.functionRefs.length; index++) {
    const depths = new Map();
    const observer = (_offset, position, { labels }) => {
      depths.set(position, labels.filter(({ header }) => header >= 0).length);
    };
    translator.translate(spaces, index, { fuse: false, observer });
    segments.push(...currentSegments((at) => LOOP_FACTOR ** Math.min(depths.get(at) ?? 0, 4)));
  }
  return segments.sort((a, b) => b.count - a.count).slice(0, PROGRAM_SEGMENTS);
}

function segmentsOf({ functions, memory }, { ref, entry }) {
  const { env, index } = functions.definition(ref);
  translator.translate(env, index, { fuse: false });
  return currentSegments((at) => memory.u32[(entry + Entry.SIZE + at + Memory.PROFILE) >> 2]);
}

/** Straight pieces of the function just translated, up to and including the branch that ends each. */
function currentSegments(countAt) {
  const { code, frame, leaders } = translator.state;
  const isLeader = new Set(leaders);
  const segments = [];
  let current;
  for (let i = 0; i < code.count; i++) {
    const at = code.starts[i];
    const { row, fields } = rowByNumber.get(code.get16(at));
    if (current === undefined || isLeader.has(at)) {
      current = { count: countAt(at), base: frame.base, items: [] };
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

/** Adjacent pairs of all segments with their summed weights; knows where each occurs, so that a merge is cheap. */
class Pairs {
  scores = new Map();
  places = new Map();

  constructor(segments, longest) {
    Object.assign(this, { segments, longest });
    this.tokens = segments.map(({ items }) => items.map((item) => [item]));
    for (const index of segments.keys()) this.count(index, 1);
  }

  textAt(index, i) {
    const list = this.tokens[index];
    if (i + 1 >= list.length || list[i].length + list[i + 1].length > this.longest) return undefined;
    return superopText([...list[i], ...list[i + 1]], this.segments[index].base);
  }

  /** Adds (1) or takes back (-1) what a segment contributes. */
  count(index, sign) {
    for (let i = 0; i + 1 < this.tokens[index].length; i++) {
      const text = this.textAt(index, i);
      if (text === undefined) continue;
      this.scores.set(text, (this.scores.get(text) ?? 0) + sign * this.segments[index].weight);
      if (sign > 0) this.places.set(text, (this.places.get(text) ?? new Set()).add(index));
    }
  }

  best() {
    return [...this.scores].reduce((top, each) => (each[1] > top[1] ? each : top), ['', 1e-12])[0];
  }

  merge(text) {
    for (const index of this.places.get(text)) {
      this.count(index, -1);
      const list = this.tokens[index];
      for (let i = 0; i + 1 < list.length; i++) {
        if (this.textAt(index, i) === text) list.splice(i, 2, [...list[i], ...list[i + 1]]);
      }
      this.count(index, 1);
    }
  }
}

/** Byte pair encoding over all segments; returns candidate texts, best first. */
function candidates(segments, wanted, longest) {
  const pairs = new Pairs(segments, longest);
  const chosen = new Set();
  while (chosen.size < wanted) {
    const best = pairs.best();
    if (best === '') break;
    chosen.add(best);
    pairs.merge(best);
    pairs.scores.delete(best);
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

/** Weights that sum up to `share` over all instructions. */
function normalise(segments, share) {
  const total = segments.reduce((sum, { count, items }) => sum + count * items.length, 0);
  return segments.map((segment) => ({ ...segment, weight: (segment.count * share) / total }));
}

/** Profiles of a half of the kernels, each with the same weight. */
async function profileHalf(engine, half) {
  const segments = [];
  const kernels = loadKernels().filter((kernel) => half === 'all' || kernel.half === half);
  for (const kernel of kernels) {
    const repeats = Math.max(1, Math.round(kernel.repeats / 200));
    segments.push(...normalise(await profile(engine, kernel, repeats), 1 / kernels.length));
  }
  return segments;
}

async function main(args) {
  const option = (name, fallback) => (args.includes(name) ? args[args.indexOf(name) + 1] : fallback);
  const count = Number(option('--count', 180));
  const longest = Number(option('--longest', 4));
  const programs = Number(option('--programs', 0.5));
  const engine = new InterpreterEngine({ loop: profilingLoop() });
  const training = await profileHalf(engine, option('--half', 'training'));
  const segments = [...training];
  for (const file of PROGRAMS.filter((each) => programs > 0 && existsSync(path.join(ROOT, each)))) {
    segments.push(...normalise(await estimate(engine, file), programs / PROGRAMS.length));
  }
  const choose = (part) => select(part, candidates(part, Math.round(count * 1.7), longest), count, longest);
  const general = choose(segments);
  // Some more of what the kernels themselves like best.
  const own = choose(training).filter((text) => !general.includes(text));
  const kept = [...general, ...own.slice(0, Number(option('--extra', 28)))];
  const left = (part) => `${(100 * usage(part, kept, longest).left).toFixed(1)} %`;
  // The held-out half is only looked at here, after the choice.
  const heldOut = await profileHalf(engine, 'heldout');
  console.log(
    `train: ${kept.length} kept, dispatches left: ${left(training)} of training, ${left(heldOut)} of held-out kernels`,
  );
  const file = option('--out', fileURLToPath(new URL('./superops.json', import.meta.url)));
  if (!args.includes('--dry')) writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
}

await main(process.argv.slice(2));
