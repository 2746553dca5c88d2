/**
 * Large programs that are not in the repository: CPython (26 MB) and clang (75 MB). They run where
 * `node tools/guests/large.mjs` has fetched them, and are skipped elsewhere.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { clangModule, pythonModule } from '../../tools/guests/large.mjs';
import { type RunOptions, recordRun, replayRun } from '../support/record-run.js';

const LARGE_MS = 240_000;

const PYTHON = `
import hashlib, random, sqlite3, sys, time, uuid
print(sys.version_info[:2], hash("a string"), uuid.uuid4(), time.time(), random.random())
numbers = [random.randrange(10**6) for _ in range(50000)]
print(sum(sorted(numbers)[:100]), hashlib.sha256(str(numbers).encode()).hexdigest())
db = sqlite3.connect(":memory:")
db.execute("CREATE TABLE t (x)")
db.executemany("INSERT INTO t VALUES (?)", [(n,) for n in numbers[:500]])
print(db.execute("SELECT count(*), max(x) FROM t").fetchone())
`;

const C = 'unsigned f(unsigned n) { unsigned s = 0; for (unsigned i = 0; i < n; i++) s += i * i ^ n; return s; }\n';

const PROGRAMS: readonly { name: string; module: string; options: RunOptions; prints: RegExp; seedMatters: boolean }[] =
  [
    {
      name: 'CPython',
      module: pythonModule(),
      options: { config: { args: ['python', '-c', PYTHON] } },
      prints: /^\(3, 12\) -?\d+ [0-9a-f-]{36} \d+\.\d+ 0\.\d+\n\d+ [0-9a-f]{64}\n\(500, \d+\)\n$/,
      seedMatters: true,
    },
    {
      name: 'clang',
      module: clangModule(),
      options: {
        config: {
          args: ['clang', '-cc1', '-triple', 'wasm32-wasip1', '-O2', '-S', '-o', '-', '/data/f.c'],
          preopens: [
            { guest: '/data', mode: 'private', entries: [{ path: 'f.c', kind: 'file', bytes: Buffer.from(C) }] },
          ],
        },
      },
      prints: /f:\s[\s\S]*\.functype\s+f \(i32\) -> \(i32\)[\s\S]*end_function/,
      seedMatters: false,
    },
  ];

describe('large programs', () => {
  it.for(PROGRAMS)(
    '$name replays as it was recorded',
    { timeout: LARGE_MS },
    async ({ module, options, prints, seedMatters }, { skip }) => {
      if (!existsSync(module)) skip('not fetched: run `node tools/guests/large.mjs`');
      const prepared = await new CompiledEngine().prepare(readFileSync(module));
      const { batches, ...recorded } = recordRun(prepared, options);
      expect(recorded.stderr).toBe('');
      expect(recorded.stdout).toMatch(prints);
      expect(replayRun(prepared, options, batches)).toEqual(recorded);
      const { batches: others, ...other } = recordRun(prepared, { ...options, seed: 4711 });
      expect(other.stdout !== recorded.stdout).toBe(seedMatters);
      expect(replayRun(prepared, options, others)).toEqual(other);
    },
  );
});
