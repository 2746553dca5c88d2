/** `ft-wasm run`: what a program does is what the command does. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRNO } from '../../src/wasi/abi.js';
import { CliProcess } from '../support/cli-process.js';
import { command, shell } from '../support/command.js';
import {
  exitsWith,
  IMPORTS_UNKNOWN,
  moduleFile,
  prints,
  READS_WITHOUT_WAITING,
  SPINS,
  TRAPS,
  temporaryFolder,
  YES,
} from '../support/modules.js';

/** Its instantiation fails before anything is executed. */
const SEGMENT_BEYOND = '(module (memory 1) (data (i32.const 65536) "x") (func (export "_start")))';

const LUA = 'guests/lua/lua.wasm';
const ENGINES = ['compiled', 'interpreter'];

describe.each(ENGINES)('run on the %s engine', (engine) => {
  const run = (args: readonly string[], input?: string) => command(['run', '--engine', engine, ...args], input);

  it('passes input, output and arguments on', async () => {
    const { code, stdout, stderr } = await run([LUA], 'io.write("no newline") print(1 + 1)\n');
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'no newline2\n', stderr: '' });
  });

  it('passes the exit code on, and says nothing about it', async () => {
    expect(await run([moduleFile(exitsWith(42))])).toEqual({ code: 42, stdout: '', stderr: '' });
  });

  it('ends with a trap where a segment does not fit', async () => {
    const { code, stderr } = await run([moduleFile(SEGMENT_BEYOND)]);
    expect({ code, stderr }).toEqual({
      code: 134,
      stderr: expect.stringMatching(/trapped: memory-out-of-bounds .* after 0 inst/),
    });
  });

  it('gives the guest arguments, environment and files', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'script.lua'), 'print(os.getenv("NAME"), arg and arg[1])\n');
    const flags = ['--dir', `${folder}::/data::ro`, '--env', 'NAME=value'];
    const { code, stdout } = await run([...flags, LUA, '/data/script.lua', '--flag']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'value\t--flag\n' });
  });

  it('shows a trap in one line that names it', async () => {
    const { code, stdout, stderr } = await run([moduleFile(TRAPS)]);
    expect({ code, stdout }).toEqual({ code: 134, stdout: '' });
    expect(stderr).toMatch(
      /^ft-wasm: the guest trapped: unreachable .* after \d+ instructions, in function \d+.* at offset 0x[0-9a-f]+\n$/,
    );
  });

  it('stops at its fuel, every time at the same instruction', async () => {
    const module = moduleFile(SPINS);
    const once = await run(['--fuel', '123457', module]);
    expect(once.code).toBe(134);
    expect(once.stderr).toMatch(/^ft-wasm: the guest is out of fuel after 1234\d\d instructions\n$/);
    expect(await run(['--fuel', '123457', module])).toEqual(once);
  });

  it('writes statistics', async () => {
    const file = path.join(temporaryFolder(), 'stats.json');
    await run(['--stats', file, moduleFile(prints('hello\n'))]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      // Entry, four constants and the call; `drop` is free.
      instructions: 6,
      hostCalls: 1,
      entries: 1,
      logBytes: 0,
      outputBytes: 6,
      digest: expect.stringMatching(/^[0-9a-f]{16}$/),
      wallMs: expect.any(Number),
      exitCode: 0,
      trap: null,
      outcome: 'returned',
    });
  });
});

describe('serve --solo', () => {
  it('writes the statistics of the service to a file', async () => {
    const file = path.join(temporaryFolder(), 'stats.json');
    expect((await command(['serve', '--solo', '--stats', file, moduleFile(exitsWith(3))])).code).toBe(3);
    // The call to the host: entering _start, the constant, the call.
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ instructions: 3, hostCalls: 1, exitCode: 3 });
  });
});

describe('run', () => {
  it('ends by SIGINT as a process does, even if the guest never calls the host', async () => {
    const process = CliProcess.start(['run', '--digest-every', '1000000', moduleFile(SPINS)]);
    await process.complaint('state at counter');
    process.kill('SIGINT');
    expect((await process.exit()).code).toBe(130);
    expect(process.errors.at(-1)).toMatch(/^ft-wasm: stopped after \d+ instructions$/);
  });

  it('ends quietly when its reader goes away', async () => {
    const { stdout, stderr } = await shell(`$FT run ${moduleFile(YES)} | head -2; echo "\${PIPESTATUS[0]}"`);
    expect({ stdout, stderr }).toEqual({ stdout: 'y\ny\n141\n', stderr: '' });
  });

  it('writes everything before it ends, into a pipe that is read late', async () => {
    const script = 'for i = 1, 30000 do print(i) end';
    const { stdout } = await shell(`echo '${script}' | $FT run ${LUA} | (sleep 1; wc -l)`);
    expect(Number(stdout)).toBe(30_000);
  });

  it('leaves input alone that the guest does not ask for', async () => {
    const { stdout } = await shell(`(echo first; echo second) | ($FT run ${moduleFile(exitsWith(0))}; cat)`);
    expect(stdout).toBe('first\nsecond\n');
  });

  it('does not wait for input that nobody wants any more', async () => {
    const process = CliProcess.start(['run', LUA]);
    expect((await process.exit()).code).toBe(0);
  });

  it.each([
    ['a file', '< package.json', 0],
    ['nothing', '< /dev/null', 0],
    ['a pipe', '<&3', ERRNO.AGAIN],
  ])('answers a guest that does not want to wait for %s', async (_input, redirection, errno) => {
    const pipe = path.join(temporaryFolder(), 'pipe');
    const script = `mkfifo ${pipe} && exec 3<>${pipe} && $FT run ${moduleFile(READS_WITHOUT_WAITING)} ${redirection}`;
    expect((await shell(script)).code).toBe(errno);
  });

  it('feeds large input without holding it all', async () => {
    const lines = 200_000;
    const { stdout, code } = await shell(`(echo 'print(1) --[['; seq ${lines}; echo ']]') | $FT run ${LUA}`);
    expect({ stdout, code }).toEqual({ stdout: '1\n', code: 0 });
  });

  it('refuses what it cannot run, in one line', async () => {
    const refused = await command(['run', moduleFile(IMPORTS_UNKNOWN)]);
    expect(refused.code).toBe(71);
    expect(refused.stderr).toMatch(/^ft-wasm: .*env\.launch_rocket.* \[FTW_LINK\]\n$/);
    const library = await command(['run', moduleFile('(module (func (export "f")))')]);
    expect(library).toMatchObject({ code: 71, stderr: expect.stringContaining('neither a _start export nor') });
    expect((await command(['run', '/no/such.wasm'])).code).toBe(78);
    expect((await command(['run', '--engine', 'fast', LUA])).code).toBe(70);
  });

  it('says when standard output cannot be written', async () => {
    const { stdout, stderr } = await shell(`$FT run ${moduleFile(YES)} > /dev/full; echo $?`);
    expect(stdout).toBe('78\n');
    expect(stderr).toMatch(/^ft-wasm: standard output cannot be written: ENOSPC.* \[FTW_IO\]\n$/);
  });
});
