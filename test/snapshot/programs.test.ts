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
import type { HostServices } from '../../src/host/services.js';
import { INJECT_VERSION } from '../../src/inject/index.js';
import { Session, type SessionState } from '../../src/record/session.js';
import { encodeSnapshot, SnapshotReader } from '../../src/snapshot/index.js';
import { exportState, importState, type WasiSnapshot } from '../../src/wasi/snapshot.js';
import { createWasi, type Wasi } from '../../src/wasi/wasi.js';
import { kernels, loadGuest } from '../support/guests.js';

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

const engine = new CompiledEngine();

class TextOutput {
  text = '';
  stdio(_fd: 1 | 2, bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString('latin1');
  }
  send(): void {}
  shutdown(): void {}
  close(): void {}
}

/** A program on its way: each move makes engine instance, WASI and session anew from the bytes of a snapshot. */
class Journey {
  readonly output = new TextOutput();
  readonly #input: MemoryInput;
  readonly #services: HostServices;
  session = new Session({ sink: { append: () => {} } });
  wasi: Wasi;
  #instance: EngineInstance;
  #calls = 0;
  moves = 0;

  constructor(
    private readonly prepared: PreparedModule,
    private readonly program: Program,
    private readonly sliceFuel: number,
    /** Move at every n-th host call and every slice; never, if not given. */
    private readonly moveAtCall?: number,
  ) {
    this.#input = new MemoryInput(program.stdin ?? '');
    this.#input.closed = true;
    this.#services = {
      ...{ clock: new ManualClock(), entropy: new SeededEntropy(1), network: new MemoryNetwork(0) },
      ...{ stdin: this.#input, output: this.output, waiter: { wait: () => {} }, barrier: new OpenBarrier() },
    };
    this.wasi = createWasi({ args: program.args }, this.#services, this.session);
    this.#instance = prepared.instantiate(this.#options());
    this.wasi.bindMemory(() => this.#instance.memory);
  }

  run() {
    let outcome = this.#instance.start();
    if (outcome.kind === 'returned') outcome = this.#instance.call('_start', []);
    while (outcome.kind === 'captured') {
      this.#move();
      outcome = this.#instance.resume!();
    }
    return { outcome, text: this.output.text, digest: this.session.digest.hex() };
  }

  #move(): void {
    this.moves++;
    const sections = { wasi: exportState(this.wasi.state), session: this.session.state() };
    const engineState = this.#instance.state!();
    const reader = new SnapshotReader();
    const header = { moduleHash: this.prepared.hash, rewriterVersion: String(INJECT_VERSION), manifest: {} };
    for (const chunk of encodeSnapshot({ ...header, engine: engineState, sections })) reader.push(chunk);
    const snapshot = reader.finish();
    const { session, wasi } = snapshot.sections as { session: SessionState; wasi: WasiSnapshot };
    this.session = new Session({ sink: { append: () => {} }, resume: session });
    this.wasi = createWasi({ args: this.program.args }, this.#services, this.session, importState(wasi));
    this.#instance = this.prepared.restore!(snapshot.engine, this.#options());
    this.wasi.bindMemory(() => this.#instance.memory);
  }

  #options(): InstanceOptions {
    const { imports } = this.wasi;
    return {
      imports: {
        resolve: (from, name, type) => {
          const host = imports.resolve(from, name, type) as ((...all: unknown[]) => unknown) | undefined;
          if (host === undefined) return undefined;
          const counted = (...all: unknown[]) => {
            if (this.moveAtCall !== undefined && ++this.#calls % this.moveAtCall === 0)
              this.#instance.requestCapture!();
            return host(...all);
          };
          return counted as never;
        },
      },
      limits: DEFAULT_LIMITS,
      sliceFuel: this.sliceFuel,
      onSlice: () => {
        if (this.moveAtCall !== undefined) this.#instance.requestCapture!();
      },
    };
  }
}

describe.each(PROGRAMS)('$name', (program) => {
  it('moves from instance to instance unnoticed', async () => {
    const prepared = await engine.prepare(await loadGuest(program.module));
    const expected = new Journey(prepared, program, 1e15).run();
    expect(expected.outcome.kind).toMatch(/returned|exited/);
    const journey = new Journey(prepared, program, Math.max(1, Math.floor(expected.outcome.counter / 40)), 3);
    expect(journey.run()).toEqual(expected);
    expect(journey.moves).toBeGreaterThan(5);
  });
});
