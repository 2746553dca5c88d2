import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/run.js';
import { EXIT_CODES } from '../../../src/index.js';

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Runs the command line in this process and collects what it writes. */
async function cli(...args: string[]) {
  const out = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk, _, done) {
        out[name] += chunk;
        done();
      },
    });
  const exitCode = await run(args, {
    stdin: nothing(),
    stdout: into('stdout'),
    stderr: into('stderr'),
    env: {},
    onSignal: () => () => {},
  });
  return { exitCode, ...out };
}

describe('ft-wasm', () => {
  it('prints its version', async () => {
    expect(await cli('--version')).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
  });

  it('explains itself', async () => {
    const { exitCode, stdout, stderr } = await cli('serve', '--help');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const text of ['Role:', '--log-listen <host:port>', 'Guest:', '--tcplisten', 'Limits:', 'Logs:']) {
      expect(stdout).toContain(text);
    }
  });

  it.each([
    [[], "a command is missing; try 'ft-wasm serve GUEST.wasm' or 'ft-wasm --help'"],
    [['fly'], "unknown command 'fly'; see 'ft-wasm --help'"],
    [['serve'], "missing required argument 'guest.wasm'; see 'ft-wasm --help'"],
    [['serve', '--tcplsten', 'x', 'a.wasm'], "unknown option '--tcplsten' (Did you mean --tcplisten?); see 'ft-wasm"],
    [['serve', '--env'], "option '--env <name=value>' argument missing; see"],
    [['serve', '--role', 'primary', 'a.wasm'], '--role primary needs --log-listen and --arbiter'],
  ])('%j is a mistake', async (args, message) => {
    const { exitCode, stdout, stderr } = await cli(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: EXIT_CODES.usage, stdout: '' });
    expect(stderr).toContain(`ft-wasm: ${message}`);
    expect(stderr).toMatch(/ \[FTW_USAGE\]\n$/);
    expect(stderr.split('\n')).toHaveLength(2);
  });
});
