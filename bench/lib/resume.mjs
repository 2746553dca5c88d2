/** How long a deep stack takes to run on: CPython, captured many calls deep, restored in a new instance. */
import { existsSync, readFileSync } from 'node:fs';
import { CompiledEngine } from '../../dist/engine/compiled/index.js';
import { DEFAULT_LIMITS } from '../../dist/engine/engine.js';
import { memoryServices } from '../../dist/host/memory.js';
import { Session } from '../../dist/record/session.js';
import { createWasi } from '../../dist/wasi/wasi.js';

/** Recurses, then computes at the bottom, where it is captured. */
const PROGRAM = `
def deep(n):
    if n: return sorted([1], key=lambda x: deep(n - 1))[0]
    for i in range(3000000): i * i
    return 1
deep(12)
`;

/** Until the program is at the bottom. */
const CAPTURE_AT = 1_200_000_000;

/** @param {string} file @param {number} framesMin */
export async function measureResume(file, framesMin) {
  if (!existsSync(file)) return undefined;
  const prepared = await new CompiledEngine().prepare(readFileSync(file));
  const first = guest((options) => prepared.instantiate(options));
  first.instance.start();
  const captured = first.instance.call('_start', []);
  if (captured.kind !== 'captured') throw new Error(`CPython was not captured: ${JSON.stringify(captured)}`);
  const state = structuredClone(first.instance.state());
  const places = new Set(state.frames.map(({ offset }) => offset)).size;
  if (state.frames.length < framesMin) throw new Error(`only ${state.frames.length} frames`);
  const fresh = await new CompiledEngine().prepare(readFileSync(file));
  const started = performance.now();
  const stood = new Stood();
  const second = guest((options) => fresh.restore(state, { ...options, onStanding: stood.set }), first.wasi.state);
  const restoredMs = performance.now() - started;
  const cold = timeResume(second.instance);
  const text =
    `CPython, ${state.frames.length} frames at ${places} places: restore ${restoredMs.toFixed(0)} ms, ` +
    `resume to the end ${cold.toFixed(0)} ms; of that making the resume functions takes ${stood.ms.toFixed(0)} ms ` +
    `(longest ${stood.longestMs.toFixed(0)})`;
  return { text, frames: state.frames.length, places, restoredMs, coldMs: cold, madeMs: stood.ms };
}

/** Processor time of this thread where Node.js tells it (24 and later), else the clock's, in ms. */
function nowMs() {
  if (process.threadCpuUsage === undefined) return performance.now();
  const { system, user } = process.threadCpuUsage();
  return (system + user) / 1000;
}

/** How long the guest stood still between its frames. */
class Stood {
  ms = 0;
  longestMs = 0;
  #since = /** @type {number | undefined} */ (undefined);

  set = (/** @type {boolean} */ stands) => {
    const now = nowMs();
    if (stands) {
      this.#since ??= now;
    } else if (this.#since !== undefined) {
      this.ms += now - this.#since;
      this.longestMs = Math.max(this.longestMs, now - this.#since);
      this.#since = undefined;
    }
  };
}

function timeResume(instance) {
  const started = performance.now();
  const outcome = instance.resume();
  if (outcome.kind !== 'returned' && outcome.kind !== 'exited') throw new Error(JSON.stringify(outcome));
  return performance.now() - started;
}

/** CPython with its program, on a host in memory. */
function guest(make, state) {
  const services = memoryServices();
  services.stdin.closed = true;
  const session = new Session({ sink: { append: () => {} } });
  const config = { args: ['python', '-c', PROGRAM], env: [['PYTHONDONTWRITEBYTECODE', '1']], preopens: [] };
  const wasi = createWasi(config, services, session, state && structuredClone(state));
  let instance;
  instance = make({
    imports: wasi.imports,
    limits: DEFAULT_LIMITS,
    sliceFuel: state === undefined ? CAPTURE_AT : 1e15,
    onSlice: () => state === undefined && instance.requestCapture(),
  });
  wasi.bindMemory(() => instance.memory);
  return { instance, wasi };
}
