/**
 * The counter against Wasmtime's fuel: the committed counts of test/golden/fuel were written by
 * tools/guests/wasmtime-fuel.py, which also says which version's rule is followed and why.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { WebAssembly } from '../../src/engine/compiled/webassembly.js';
import { DEFAULT_LIMITS, type EngineInstance, type Outcome, type PreparedModule } from '../../src/engine/engine.js';
import { ENGINES, loadGuest, ROOT, readGuest } from '../support/guests.js';
import { CountingHost } from './counting-host.js';

interface GoldenRun {
  readonly export: string;
  readonly args: readonly number[];
  readonly outcome: 'returned' | 'stopped' | 'trapped';
  readonly value?: number;
  readonly counter: number;
  /** The counter as each host call saw it. */
  readonly hostCalls?: readonly number[];
  readonly argv?: readonly string[];
  readonly stdout?: string;
}

interface GoldenFile {
  readonly module: string;
  readonly sha256: string;
  readonly wasmtime: string;
  readonly runs: readonly GoldenRun[];
}

const FOLDER = 'test/golden/fuel';
const files = readdirSync(path.join(ROOT, FOLDER), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.json'))
  .sort();

function readGolden(name: string): GoldenFile {
  return JSON.parse(readGuest(`${FOLDER}/${name}`).toString()) as GoldenFile;
}

function instantiate(prepared: PreparedModule, host: CountingHost): EngineInstance {
  const instance = prepared.instantiate({ imports: host, limits: DEFAULT_LIMITS, sliceFuel: 1_000_000 });
  host.memory = () => instance.memory!.view;
  return instance;
}

function execute(prepared: PreparedModule, run: GoldenRun): { outcome: Outcome; host: CountingHost } {
  const host = new CountingHost(run.argv ?? []);
  const instance = instantiate(prepared, host);
  const started = instance.start();
  const args = run.args.map((arg) => arg | 0);
  return { outcome: started.kind === 'returned' ? instance.call(run.export, args) : started, host };
}

const KINDS = { returned: 'returned', stopped: 'exited', trapped: 'trapped' } as const;

function check(prepared: PreparedModule, run: GoldenRun, exactTraps: boolean): void {
  const { outcome, host } = execute(prepared, run);
  expect(outcome.kind).toBe(KINDS[run.outcome]);
  expect(host.counters).toEqual(run.hostCalls ?? []);
  if (run.outcome !== 'trapped' || exactTraps) expect(outcome.counter).toBe(run.counter);
  else expect(outcome.counter).toBeLessThanOrEqual(run.counter);
  if (outcome.kind === 'returned' && run.value !== undefined) {
    expect(Number(BigInt.asUintN(32, BigInt(outcome.values[0] as number | bigint)))).toBe(run.value);
  }
  if (outcome.kind === 'exited') expect(outcome.exitCode).toBe(run.value);
  if (run.stdout !== undefined) expect(host.stdout).toBe(run.stdout);
}

describe.each(files)('%s', (file) => {
  const golden = readGolden(file);

  it('was made from the module as it is now', () => {
    const sha256 = createHash('sha256').update(readGuest(golden.module)).digest('hex');
    expect(sha256, `${golden.module} has changed: run tools/guests/wasmtime-fuel.py`).toBe(golden.sha256);
  });

  it.for(ENGINES)(
    'the $name engine counts what Wasmtime counts',
    async ({ name, make, exactTraps, exceptions }, { skip }) => {
      const bytes = await loadGuest(golden.module);
      if (file === 'exceptions.json') {
        if (!exceptions) skip(`the ${name} engine refuses exception handling`);
        if (!WebAssembly.validate(bytes)) skip('this Node.js has no standard exception handling (try_table)');
      }
      const prepared = await (await make()).prepare(bytes);
      for (const run of golden.runs) {
        expect(() => check(prepared, run, exactTraps), JSON.stringify(run)).not.toThrow();
      }
    },
  );
});

describe('a trap in the middle of a block', () => {
  const golden = readGolden('traps.json');
  const TRAPS: Readonly<Record<string, string>> = {
    divide: 'integer-divide-by-zero',
    overflow: 'integer-overflow',
    convert: 'invalid-conversion',
    load: 'memory-out-of-bounds',
    store: 'memory-out-of-bounds',
    fill: 'memory-out-of-bounds',
    nested: 'integer-divide-by-zero',
  };

  // With 1 the guest gets past the operator and ends in `unreachable`, which Wasmtime counts exactly; with 0 it does not.
  const engines = ENGINES.filter((engine) => engine.exactTraps);
  it.for(engines)('has the counter of its own operator on the $name engine', async ({ make }) => {
    const prepared = await (await make()).prepare(await loadGuest(golden.module));
    for (const run of golden.runs) {
      const { outcome } = execute(prepared, { ...run, args: [0] });
      expect(outcome, run.export).toMatchObject({ kind: 'trapped', trap: TRAPS[run.export], counter: run.counter });
    }
  });
});
