/** `ft-wasm log` and `ft-wasm check`: what is in a recording, and what is in a module. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { command, shell } from '../support/command.js';
import { assemble, IMPORTS_UNKNOWN, moduleFile, temporaryFolder } from '../support/modules.js';

describe('log', () => {
  let recording: string;

  beforeAll(async () => {
    recording = path.join(temporaryFolder(), 'lua.rec');
    const script = 'print("hello", os.time())\n';
    expect((await command(['record', '-o', recording, 'guests/lua/lua.wasm'], script)).code).toBe(0);
  });

  it('prints a table', async () => {
    const { code, stdout, stderr } = await command(['log', recording]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}module {14}[0-9a-f]{64}$/m);
    expect(stdout).toMatch(/^EVENT +COUNTER +CLASS +BYTES +CALL +ARGUMENTS +RESULT$/m);
    expect(stdout).toMatch(
      /^ +1 +\d+ +input +\d+ +wasi_snapshot_preview1\.clock_time_get +id 1, precision 0, time \d+ +\+\d+ ns$/m,
    );
    expect(stdout).toMatch(
      /^ +\d+ +\d+ +input +\d+ +wasi_snapshot_preview1\.fd_read +fd 0, room 1024, nread \d+ +26 bytes "print\(\\"hello\\"/m,
    );
    expect(stdout).toMatch(
      /^ +\d+ +\d+ +output +\d+ +wasi_snapshot_preview1\.fd_write +fd 1, 17 bytes "hello\\t\d+\\n", nwritten \d+ +17 bytes$/m,
    );
    expect(stdout).toMatch(
      /^\d+ entries, \d+ bytes of log; returned at counter \d+, exit code 0, digest [0-9a-f]{16}$/m,
    );
  });

  it('prints one JSON object per entry', async () => {
    const { stdout } = await command(['log', '--json', recording]);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ event }) => event)).toEqual(lines.map((_, at) => at + 1));
    const read = lines.find(({ call }) => call === 'wasi_snapshot_preview1.fd_read');
    expect(Buffer.from(read.result.hex, 'hex').toString()).toBe('print("hello", os.time())\n');
    expect(read).toMatchObject({ class: 'input', counter: expect.any(Number), digest: expect.any(Number) });
    expect(read.arguments).toEqual({ fd: 0, room: 1024, nread: expect.any(Number) });
    const write = lines.find(({ call }) => call === 'wasi_snapshot_preview1.fd_write');
    expect(Buffer.from(write.arguments.bytes.hex, 'hex').toString()).toMatch(/^hello\t\d+\n$/);
    expect(lines.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(60);
  });

  it('leaves arguments out where it is told to, or says why', async () => {
    const without = await command(['log', '--json', '--no-arguments', recording]);
    expect({ code: without.code, stderr: without.stderr }).toEqual({ code: 0, stderr: '' });
    expect(without.stdout).not.toContain('"arguments"');
    const other = await command(['log', '--json', '--module', 'guests/sqlite/sqlite.wasm', recording]);
    expect(other.code).toBe(0);
    expect(other.stdout).toBe(without.stdout);
    expect(other.stderr).toMatch(/^ft-wasm: arguments are left out: replay diverged before it began: .*SHA-256/);
  });

  it('shows the arguments of a recording that was cut off', async () => {
    const whole = await command(['log', '--json', recording]);
    const bytes = readFileSync(recording);
    const cut = path.join(temporaryFolder(), 'cut.rec');
    writeFileSync(cut, bytes.subarray(0, bytes.length - 100));
    const { code, stderr, stdout } = await command(['log', '--json', cut]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/is torn at byte \d+/);
    expect(stdout.length).toBeGreaterThan(0);
    expect(whole.stdout.startsWith(stdout)).toBe(true);
  });

  it('ends quietly when its reader goes away', async () => {
    const { stdout, stderr } = await shell(`for i in 1 2 3; do $FT log ${recording} | head -1; done`);
    expect({ stdout, stderr }).toEqual({ stdout: `${recording}\n`.repeat(3), stderr: '' });
  });
});

describe('check', () => {
  it('says what is done about each source of non-determinism, and where it is', async () => {
    const { code, stdout } = await command(['check', 'guests/lua/lua.wasm']);
    expect(stdout).toContain('descriptor: one of');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^guests\/lua\/lua\.wasm: can be replicated$/m);
    expect(stdout).toMatch(/^ {2}descriptor +wasi_snapshot_preview1\.fd_write +\d+ +first in function \d+ "/m);
    expect(stdout).toMatch(
      /^ {2}clocks: logged: .*\n {6}by wasi_snapshot_preview1\.clock_time_get\n {6}in function \d+ "/m,
    );
    expect(stdout).toMatch(/^ {2}bits of NaNs: fixed: .*\n {6}in function \d+ "\w+" at offset 0x[0-9a-f]+$/m);
    expect(stdout).toMatch(/^ {2}stack depth of recursive functions: limited: /m);
  });

  it('has the same as JSON', async () => {
    const { stdout } = await command(['check', '--json', 'guests/kv/build/kv.wasm']);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ replicable: true, problems: [], hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const accept = found.imports.find(({ name }: { name: string }) => name === 'sock_accept');
    expect(accept).toMatchObject({ class: 'input', calls: { count: 1 } });
    const growth = found.sources.find(({ source }: { source: string }) => source === 'growing memory');
    expect(growth.places[0]).toEqual({ functionIndex: expect.any(Number), offset: expect.any(Number) });
  });

  it('lists everything that is in the way', async () => {
    const { code, stdout } = await command(['check', moduleFile(IMPORTS_UNKNOWN)]);
    expect(code).toBe(71);
    expect(stdout).toMatch(
      /cannot be replicated\n {2}- import env\.launch_rocket at offset 0x[0-9a-f]+: nothing provides it\n/,
    );
    const shared = moduleFile('(module (memory (export "memory") 1 2))');
    expect((await command(['check', shared])).stdout).toContain('neither a _start export nor a start function');
  });

  it('names a feature that is refused, with function and offset', async () => {
    const text =
      '(module (memory (export "memory") 1) (func (export "_start") nop nop nop nop nop nop nop nop nop nop))';
    const bytes = assemble(text);
    const at = bytes.lastIndexOf(0x01);
    // Ten nops become: i32.const 0, drop, atomic.fence, and four nops.
    const nops = at - 9;
    bytes.set([0x41, 0x00, 0x1a, 0xfe, 0x03, 0x00], nops);
    const { code, stdout } = await command(['check', moduleFile(bytes)]);
    expect(code).toBe(71);
    expect(stdout).toMatch(
      /- atomic\.fence needs threads, in function 0 "_start" at offset 0x[0-9a-f]+: threads are not/,
    );
  });

  it('refuses what is no module, with the offset', async () => {
    const { code, stderr } = await command(['check', 'package.json']);
    expect(code).toBe(71);
    expect(stderr).toMatch(/\(at offset 0x0\) \[FTW_MALFORMED\]\n$/);
  });
});
