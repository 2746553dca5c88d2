/**
 * Whole programs under WASI, moved to a new instance again and again: the session's digest (every host call with its
 * arguments and counter) and the output are those of a run that stays where it is.
 */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import {
  DEFAULT_LIMITS,
  type EngineInstance,
  type InstanceOptions,
  type PreparedModule,
} from '../../src/engine/engine.js';
import { ManualClock, MemoryInput, MemoryNetwork, OpenBarrier, SeededEntropy } from '../../src/host/memory.js';
import { DEFAULT_INJECT_OPTIONS } from '../../src/inject/index.js';
import { Session } from '../../src/record/session.js';
import { createWasi } from '../../src/wasi/wasi.js';
import { kernels, loadGuest } from '../support/guests.js';
import { copyOf } from './capture-run.js';

interface Program {
  readonly name: string;
  readonly module: string;
  readonly args: readonly string[];
  readonly stdin?: string;
}

const LUA = `local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local squares = setmetatable({}, { __index = function(t, k) t[k] = k * k return k * k end })
local text = string.gsub("a1b22c333", "%d+", function(n) return "<" .. fib(#n + 6) .. ">" end)
local order = { 5, 3, 9, 1, 7 }
table.sort(order, function(a, b) return a > b end)
print(squares[12], text, table.concat(order, ","))`;

const PROGRAMS: readonly Program[] = [
  ...kernels().map(({ args, module, name }) => ({ name, module, args: [name, ...args, '1'] })),
  { name: 'Lua', module: 'guests/lua/lua.wasm', args: ['lua'], stdin: LUA },
  { name: 'SQLite', module: 'guests/sqlite/sqlite.wasm', args: ['sqlite', ':memory:', '20'] },
];

const engine = new CompiledEngine({ inject: { ...DEFAULT_INJECT_OPTIONS, capture: true } });

class TextOutput {
  text = '';
  stdio(_fd: 1 | 2, bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString('latin1');
  }
  send(): void {}
  shutdown(): void {}
  close(): void {}
}

/** Runs to the end. `slices` of the run; at each one, and at every n-th host call, the guest moves. */
function run(prepared: PreparedModule, { args, stdin }: Program, sliceFuel: number, moveAtCall: number) {
  const output = new TextOutput();
  const input = new MemoryInput(stdin ?? '');
  input.closed = true;
  const session = new Session({ sink: { append: () => {} } });
  const services = {
    ...{ clock: new ManualClock(), entropy: new SeededEntropy(1), network: new MemoryNetwork(0), stdin: input, output },
    ...{ waiter: { wait: () => {} }, barrier: new OpenBarrier() },
  };
  const wasi = createWasi({ args }, services, session);
  let instance: EngineInstance;
  let calls = 0;
  let moves = 0;
  const moving = Number.isFinite(moveAtCall);
  const options: InstanceOptions = {
    imports: {
      resolve: (from, name, type) => {
        const host = wasi.imports.resolve(from, name, type) as ((...all: unknown[]) => unknown) | undefined;
        if (host === undefined) return undefined;
        const counted = (...all: unknown[]) => {
          if (++calls % moveAtCall === 0) instance.requestCapture!();
          return host(...all);
        };
        return counted as never;
      },
    },
    limits: DEFAULT_LIMITS,
    sliceFuel,
    onSlice: () => {
      if (moving) instance.requestCapture!();
    },
  };
  instance = prepared.instantiate(options);
  wasi.bindMemory(() => instance.memory);
  let outcome = instance.start();
  if (outcome.kind === 'returned') outcome = instance.call('_start', []);
  while (outcome.kind === 'captured') {
    moves++;
    instance = prepared.restore!(copyOf(instance.state!()), options);
    outcome = instance.resume!();
  }
  return { result: { outcome, text: output.text, digest: session.digest.hex() }, moves };
}

describe.each(PROGRAMS)('$name', (program) => {
  it('moves from instance to instance unnoticed', async () => {
    const prepared = await engine.prepare(await loadGuest(program.module));
    const { result } = run(prepared, program, 1e15, Number.POSITIVE_INFINITY);
    expect(result.outcome.kind).toMatch(/returned|exited/);
    const moved = run(prepared, program, Math.max(1, Math.floor(result.outcome.counter / 40)), 3);
    expect(moved.result).toEqual(result);
    expect(moved.moves).toBeGreaterThan(5);
  });
});
