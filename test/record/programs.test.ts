/** Real programs: each is recorded and replayed with equal output, exit code, digest and counter. */
import { describe, expect, it } from 'vitest';
import type { TreeEntry } from '../../src/host/tree.js';
import type { WasiConfig } from '../../src/wasi/config.js';
import { ENGINES, type EngineUnderTest, loadGuest, readGuest } from '../support/guests.js';
import { type Recording, type RunResult, recordRun, replayRun } from '../support/record-run.js';

interface Program {
  readonly name: string;
  readonly module: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly files?: readonly TreeEntry[];
  readonly exitCode?: number;
  /** The module has exception handling. */
  readonly exceptions?: boolean;
  /** What stdout must contain, whatever the time and the seed. */
  readonly prints: readonly (string | RegExp)[];
}

const file = (path: string): TreeEntry => ({
  path: path.split('/').at(-1)!,
  kind: 'file',
  bytes: new Uint8Array(readGuest(path)),
});

const PROGRAMS: readonly Program[] = [
  {
    name: 'SQLite in memory',
    module: 'guests/sqlite/sqlite.wasm',
    args: [':memory:', '1000'],
    prints: [/^1000\|124875\.0\|124\.875\|account-00000\|account-00999$/m, /^ok$/m, /^checksum [0-9a-f]{8}$/m],
  },
  {
    name: 'SQLite in a file, with its journal',
    module: 'guests/sqlite/sqlite.wasm',
    args: ['/data/accounts.db', '300'],
    files: [],
    prints: [/^300\|11212\.5\|37\.375\|/m, /^ok$/m],
  },
  {
    name: 'Lua',
    module: 'guests/lua/lua.wasm',
    args: ['/data/work.lua'],
    files: [file('guests/lua/work.lua')],
    prints: [
      'fib\t10946\n',
      'sieve\t2262\n',
      'objects\t200069998\n',
      'mandelbrot\t425\n',
      /^random\t\d+\ttrue\ttable:$/m,
    ],
  },
  {
    name: 'Lua from standard input',
    module: 'guests/lua/lua.wasm',
    args: [],
    stdin: 'print("sum", 1 + 2, math.random(1000) > 0)\n',
    prints: ['sum\t3\ttrue\n'],
  },
  {
    name: 'Lua with exceptions',
    module: 'guests/lua/lua-eh.wasm',
    exceptions: true,
    args: ['/data/errors.lua'],
    files: [file('guests/lua/errors.lua')],
    prints: ['squares\t333833500\n', 'overflow\tfalse\ttrue\n', 'thrown\t20000\n'],
  },
  {
    name: 'a block compressor on its own code',
    module: 'guests/compress/compress.wasm',
    args: ['/data/compress.wasm'],
    files: [file('guests/compress/compress.wasm')],
    prints: [/^total 43400 -> \d+$/m],
  },
  {
    name: 'AssemblyScript on its WASI shim',
    module: 'guests/as-wasi/build/as-wasi.wasm',
    args: ['--mode', 'test'],
    stdin: 'forty-two bytes of input for the guest...\n',
    exitCode: 3,
    prints: ['argument 2: test\n', 'variable LANG: C\n', 'read: 42\n', 'time goes on: true\n'],
  },
];

function configOf(program: Program): WasiConfig {
  const { files } = program;
  return {
    args: [program.module, ...program.args],
    env: [['LANG', 'C']],
    preopens: files === undefined ? [] : [{ guest: '/data', mode: 'private', entries: files }],
  };
}

const optionsOf = (program: Program) => ({
  config: configOf(program),
  ...(program.stdin === undefined ? {} : { stdin: program.stdin }),
});

const prepareOn = async (engine: EngineUnderTest, program: Program) =>
  (await engine.make()).prepare(await loadGuest(program.module));

describe.for(ENGINES)('on the $name engine', (engine) => {
  const programs = PROGRAMS.filter((program) => engine.exceptions || program.exceptions !== true);

  it.for(programs)('$name replays as it was recorded', async (program) => {
    const options = optionsOf(program);
    const prepared = await prepareOn(engine, program);
    const { batches, ...recorded } = recordRun(prepared, options);
    const { exitCode } = program;
    expect(recorded.outcome).toMatchObject(
      exitCode === undefined ? { kind: 'returned' } : { kind: 'exited', exitCode },
    );
    for (const expected of program.prints) expect(recorded.stdout).toMatch(expected);
    expect(replayRun(prepared, options, batches)).toEqual(recorded);
  });

  it.for(programs)('$name with another seed replays as well', async (program) => {
    const options = { ...optionsOf(program), seed: 4711 };
    const prepared = await prepareOn(engine, program);
    const { batches, ...recorded } = recordRun(prepared, options);
    expect(replayRun(prepared, options, batches)).toEqual(recorded);
  });
});

describe('one log, two engines', () => {
  const programs = PROGRAMS.filter((program) => program.exceptions !== true);

  it.for(programs)('$name is the same run on all of them, and replays on the others', async (program) => {
    const options = optionsOf(program);
    const prepared = await Promise.all(ENGINES.map((engine) => prepareOn(engine, program)));
    const recordings = prepared.map((each) => recordRun(each, options));
    for (const { batches, ...recorded } of recordings) {
      expect(recorded).toEqual(resultOf(recordings[0]!));
      for (const each of prepared) expect(replayRun(each, options, batches)).toEqual(recorded);
    }
  });
});

function resultOf({ batches: _, ...result }: Recording): RunResult {
  return result;
}
