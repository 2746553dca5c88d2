/** The variants of the injection benchmark: a program as it is, with some of the checks, and with all of them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { load, runOnce } from './injected-programs.mjs';

const { CompiledEngine } = await load('engine/compiled/index.js');
const { DEFAULT_LIMITS, GuestStop } = await load('engine/engine.js');
const { inject } = await load('inject/index.js');
const { decodeModule } = await load('wasm/decode/index.js');

const NOTHING = { depth: false, preemption: false, canonicalNans: false, capture: false };
const REST = { depth: true, preemption: true, canonicalNans: true, capture: false };

export const VARIANTS = {
  original: undefined,
  /** The module as it is, in a process whose V8 has its own flags in place of those that are set for rewritten code. */
  defaults: undefined,
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

/**
 * @param {import('./injected-programs.mjs').Program} program
 * @param {string} variant
 * @returns {Promise<{ run: () => string, bytes: number }>} `run` answers what the program wrote; `bytes`: of the module
 */
export async function prepare(program, variant) {
  if (variant === 'original' || variant === 'defaults') return plain(program, program.bytes);
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
