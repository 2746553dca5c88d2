// One engine over the kernels of guests/kernels: `node [V8 flags] interp-child.mjs ENGINE SCALE NAME...` prints one JSON
// line per kernel: name, milliseconds of processor time of one run after a warm-up, counter if the engine has one, and what
// the run printed. One repetition must print the checksum of the manifest.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandLine, KernelExit, kernelHost, loadKernels } from '../../tools/interp/kernels.mjs';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

/** `regions` is the engine's option; undefined for its default. */
async function interpreter(regions) {
  const { InterpreterEngine } = await import(`${DIST}engine/interpreter/index.js`);
  const { DEFAULT_LIMITS, GuestStop } = await import(`${DIST}engine/engine.js`);
  const engine = new InterpreterEngine({ loop: readFileSync(`${DIST}engine/interpreter/interpreter.wasm`), regions });
  const exit = (exitCode) => new GuestStop({ kind: 'exited', exitCode });
  return async (kernel) => {
    const prepared = await engine.prepare(kernel.bytes);
    return (repeats) => {
      let instance;
      const host = kernelHost(commandLine(kernel, repeats), () => instance.memory, exit);
      const resolve = (_module, name) => host.functions[name] ?? (() => 0);
      instance = prepared.instantiate({ imports: { resolve }, limits: DEFAULT_LIMITS, sliceFuel: 1_000_000 });
      instance.start();
      instance.call('_start', []);
      return { text: host.text(), counter: instance.counter };
    };
  };
}

async function v8() {
  return async (kernel) => {
    // Not WebAssembly.compile: without Liftoff, Node 24 ends before it has compiled.
    const module = new WebAssembly.Module(kernel.bytes);
    return (repeats) => {
      let memory;
      const view = () => ({ bytes: new Uint8Array(memory.buffer), view: new DataView(memory.buffer) });
      const host = kernelHost(commandLine(kernel, repeats), view);
      const env = { abort: () => 0 };
      const { exports } = new WebAssembly.Instance(module, { wasi_snapshot_preview1: host.functions, env });
      memory = exports.memory;
      try {
        exports._start();
      } catch (thrown) {
        if (!(thrown instanceof KernelExit)) throw thrown;
      }
      return { text: host.text() };
    };
  };
}

/** `loop` is the interpreter's loop and nothing else. */
const ENGINES = { interpreter: () => interpreter(), loop: () => interpreter({ hotAfter: 0 }), v8 };

async function main([engine, scale, ...names]) {
  const prepare = await ENGINES[engine]();
  for (const kernel of loadKernels().filter(({ name }) => names.length === 0 || names.includes(name))) {
    const run = await prepare(kernel);
    const repeats = Math.max(1, Math.round(kernel.repeats * Number(scale)));
    const once = run(1).text;
    if (!once.includes(kernel.checksum)) throw new Error(`${kernel.name} printed ${once}, expected ${kernel.checksum}`);
    run(Math.max(1, repeats >> 2));
    const started = process.cpuUsage();
    const { text, counter } = run(repeats);
    const { user } = process.cpuUsage(started);
    console.log(JSON.stringify({ name: kernel.name, half: kernel.half, ms: user / 1000, counter, text: text.trim() }));
  }
}

await main(process.argv.slice(2));
