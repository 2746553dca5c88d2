/** Whole programs under WASI on their way from instance to instance, and engine to engine. */
import {
  DEFAULT_LIMITS,
  type EngineInstance,
  type InstanceOptions,
  type MarkingCode,
  type PreparedModule,
} from '../../src/engine/engine.js';
import { ManualClock, MemoryInput, MemoryNetwork, OpenBarrier, SeededEntropy } from '../../src/host/memory.js';
import type { HostServices } from '../../src/host/services.js';
import { INJECT_VERSION } from '../../src/inject/index.js';
import { Session, type SessionState } from '../../src/record/session.js';
import { encodeSnapshot, SnapshotReader } from '../../src/snapshot/index.js';
import { exportContents, exportWithoutContents, importState, type WasiSnapshot } from '../../src/wasi/snapshot.js';
import { createWasi, type Wasi } from '../../src/wasi/wasi.js';
import { kernels } from '../support/guests.js';
import { WatchedPages } from '../support/written-pages.js';

export interface Program {
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

export const PROGRAMS: readonly Program[] = [
  ...kernels().map(({ args, module, name }) => ({ name, module, args: [name, ...args, '1'] })),
  { name: 'Lua', module: 'guests/lua/lua.wasm', args: ['lua'], stdin: LUA },
  { name: 'SQLite', module: 'guests/sqlite/sqlite.wasm', args: ['sqlite', ':memory:', '20'] },
];

class TextOutput {
  text = '';
  stdio(_fd: 1 | 2, bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString('latin1');
  }
  send(): void {}
  shutdown(): void {}
  close(): void {}
}

/**
 * A program on its way: each move makes engine instance, WASI and session anew from the bytes of a snapshot. With `marking`
 * it stays in its instance, and moves from there to marked code and back.
 */
export class Journey {
  readonly output = new TextOutput();
  readonly #input: MemoryInput;
  readonly #services: HostServices;
  session = new Session({ sink: { append: () => {} } });
  wasi: Wasi;
  #instance: EngineInstance;
  moved = 0;
  readonly watched: WatchedPages;

  constructor(
    /** The engine of the first part of the way, then the next one's after each move, and so on in turn. */
    private readonly engines: readonly PreparedModule[],
    private readonly program: Program,
    private readonly sliceFuel: number,
    /** Asked at every host call and slice; never moves, if not given. */
    private readonly moves: (at: 'call' | 'slice') => boolean = () => false,
    private readonly marking?: MarkingCode,
  ) {
    this.#input = new MemoryInput(program.stdin ?? '');
    this.#input.closed = true;
    this.#services = {
      ...{ clock: new ManualClock(), entropy: new SeededEntropy(1), network: new MemoryNetwork(0) },
      ...{ stdin: this.#input, output: this.output, waiter: { wait: () => {} }, barrier: new OpenBarrier() },
    };
    this.wasi = createWasi({ args: program.args }, this.#services, this.session);
    this.#instance = engines[0]!.instantiate(this.#options());
    this.wasi.bindMemory(() => this.#instance.memory);
    this.watched = new WatchedPages(this.#instance);
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
    if (this.marking !== undefined) {
      this.moved++;
      return this.watched.toggle(this.marking);
    }
    const prepared = this.engines[++this.moved % this.engines.length]!;
    const blobs = exportContents(this.wasi.state);
    const sections = { wasi: exportWithoutContents(this.wasi.state), session: this.session.state() };
    const engineState = this.#instance.state!();
    const reader = new SnapshotReader();
    const header = { moduleHash: prepared.hash, rewriterVersion: String(INJECT_VERSION), manifest: {} };
    for (const chunk of encodeSnapshot({ ...header, engine: engineState, blobs, sections })) reader.push(chunk);
    const snapshot = reader.finish();
    const { session, wasi } = snapshot.sections as { session: SessionState; wasi: WasiSnapshot };
    this.session = new Session({ sink: { append: () => {} }, resume: session });
    this.wasi = createWasi(
      { args: this.program.args },
      this.#services,
      this.session,
      importState(wasi, snapshot.blobs),
    );
    this.#instance = prepared.restore!(snapshot.engine, this.#options());
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
            this.watched.look();
            if (this.moves('call')) this.#instance.requestCapture!();
            return host(...all);
          };
          return counted as never;
        },
      },
      limits: DEFAULT_LIMITS,
      sliceFuel: this.sliceFuel,
      onSlice: () => {
        this.watched.look();
        if (this.moves('slice')) this.#instance.requestCapture!();
      },
    };
  }
}
