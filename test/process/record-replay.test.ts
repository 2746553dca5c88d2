/** What `record` writes, `replay` reproduces: stdout, stderr, exit code, digest and counter, on both engines. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CommandResult, command } from '../support/command.js';
import { exitsWith, moduleFile, prints, TRAPS, temporaryFolder } from '../support/modules.js';

/** Says something, then traps before `_start` is called. */
const TRAPS_AT_START = `(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 16) "starting\\0a") (data (i32.const 0) "\\10\\00\\00\\00\\09\\00\\00\\00")
  (func $init (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (drop (i32.load (i32.const 65536))))
  (start $init) (func (export "_start")))`;

interface Program {
  readonly name: string;
  /** Flags, module and arguments. */
  readonly args: readonly string[];
  readonly input?: string;
  readonly code?: number;
  /** The interpreter does not run it. */
  readonly compiledOnly?: boolean;
}

const PROGRAMS: readonly Program[] = [
  { name: 'SQLite in a file', args: ['--dir', 'guests/lua::/data', 'guests/sqlite/sqlite.wasm', '/data/a.db', '50'] },
  { name: 'Lua', args: ['guests/lua/lua.wasm'], input: 'print(os.time(), os.clock(), math.random(), {})\n' },
  {
    name: 'Lua with exceptions',
    args: ['guests/lua/lua-eh.wasm'],
    input: 'print(pcall(error, "x"))\n',
    compiledOnly: true,
  },
  { name: 'random bytes of the host', args: ['--random', 'os', 'guests/wasi/random.wasm'] },
  { name: 'clocks', args: ['guests/wasi/clocks.wasm'] },
  { name: 'files', args: ['--dir', 'guests/lua::/data', 'guests/wasi/files.wasm'] },
  { name: 'standard input', args: ['guests/wasi/stdin.wasm'], input: 'first\n\nlast' },
  { name: 'a SIMD kernel', args: ['guests/kernels/c/dot_simd.wasm', '3'] },
  { name: 'a float kernel', args: ['guests/kernels/c/nbody.wasm', '2'] },
  { name: 'an exit code', args: [moduleFile(exitsWith(42))], code: 42 },
  { name: 'a trap', args: [moduleFile(TRAPS)], code: 134 },
  { name: 'a trap in the start function', args: [moduleFile(TRAPS_AT_START)], code: 134 },
  { name: 'running out of fuel', args: ['--fuel', '100000', 'guests/compress/compress.wasm'], code: 134 },
];

type Stats = Readonly<Record<string, unknown>>;

/** Everything about a run that another one of the same recording must repeat. */
async function runWithStats(args: readonly string[], input?: string): Promise<{ result: CommandResult; stats: Stats }> {
  const file = path.join(temporaryFolder(), 'stats.json');
  const [name, ...rest] = args;
  const result = await command([name!, '--stats', file, ...rest], input);
  const { wallMs, place, ...stats } = JSON.parse(readFileSync(file, 'utf8')) as Stats;
  expect(wallMs).toBeGreaterThan(0);
  return { result, stats };
}

async function record(args: readonly string[], input?: string) {
  const recording = path.join(temporaryFolder(), 'run.rec');
  return { recording, ...(await runWithStats(['record', '-o', recording, ...args], input)) };
}

describe.each(PROGRAMS)('$name', ({ args, input, code = 0, compiledOnly = false }) => {
  it('replays as it was recorded', async () => {
    const { recording, ...recorded } = await record(args, input);
    expect(recorded.result.code).toBe(code);
    expect(await runWithStats(['replay', recording])).toEqual(recorded);
    if (compiledOnly) return;
    const { result, stats } = await runWithStats(['replay', '--engine', 'interpreter', recording]);
    const { stdout, stderr } = recorded.result;
    expect({ ...result, stderr: '' }).toEqual({ ...recorded.result, stderr: '' });
    if (code !== 134) expect({ stdout: result.stdout, stderr: result.stderr }).toEqual({ stdout, stderr });
    // Where a trap happened, only the interpreter counts exactly.
    const counted = recorded.stats['trap'] === null || recorded.stats['trap'] === 'out-of-fuel';
    expect(counted ? stats : { ...stats, instructions: 0 }).toEqual(
      counted ? recorded.stats : { ...recorded.stats, instructions: 0 },
    );
  });
});

describe('replay', () => {
  it('stops where it is told to, at the same place and state on both engines', async () => {
    const { recording, stats } = await record(['guests/lua/lua.wasm'], 'for i = 1, 20 do print(i, {}) end\n');
    const until = Math.floor((stats['instructions'] as number) / 2);
    const compiled = await runWithStats(['replay', '--until', String(until), recording]);
    expect(compiled.result.code).toBe(0);
    expect(compiled.result.stderr).toMatch(/^ft-wasm: stopped at counter \d+, event \d+, as asked\n$/);
    expect(compiled.stats).toMatchObject({ outcome: 'until', memoryDigest: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(compiled.stats['instructions']).toBeGreaterThanOrEqual(until);
    const interpreted = await runWithStats(['replay', '--engine', 'interpreter', '--until', `+${until}`, recording]);
    expect(interpreted).toEqual(compiled);
    expect((await runWithStats(['replay', '--until', 'end', recording])).stats).toEqual(stats);
  });

  it('digests calls and memory at the same places on both engines', async () => {
    const { recording } = await record(['guests/kernels/c/dot_simd.wasm', '1']);
    const compiled = await command(['replay', '--digest-every', '50000', recording]);
    const lines = compiled.stderr.trim().split('\n');
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      expect(line).toMatch(/^ft-wasm: state at counter \d+, event \d+: calls [0-9a-f]{16}, memory [0-9a-f]{16}$/);
    }
    expect(await command(['replay', '--engine', 'interpreter', '--digest-every', '50000', recording])).toEqual(
      compiled,
    );
    const json = await command(['replay', '--json', '--digest-every', '50000', recording]);
    expect(
      json.stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).kind),
    ).toEqual(lines.map(() => 'state'));
  });

  it('needs neither the module nor the directories that were recorded', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'script.lua'), 'print("from a file", {})\n');
    const module = moduleFile(readFileSync('guests/lua/lua.wasm'), 'lua.wasm');
    const { recording, result } = await record(['--dir', `${folder}::/data`, module, '/data/script.lua']);
    writeFileSync(path.join(folder, 'script.lua'), 'print("changed")\n');
    writeFileSync(module, 'not a module any more');
    expect(await command(['replay', recording])).toEqual(result);
  });

  it('says so when it is given another module', async () => {
    const { recording } = await record([moduleFile(prints('one\n'))]);
    const other = moduleFile(prints('two\n'));
    const { code, stdout, stderr } = await command(['replay', '--module', other, recording]);
    expect({ code, stdout }).toEqual({ code: 73, stdout: '' });
    expect(stderr).toMatch(/^ft-wasm: replay diverged before it began: .*SHA-256 .* \[FTW_DIVERGENCE\]\n$/);
  });
});
