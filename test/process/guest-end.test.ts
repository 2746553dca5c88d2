/** How a guest ends is how the command ends. */
import { describe, expect, it } from 'vitest';
import { CliProcess, runCli } from '../support/cli-process.js';
import { exitsWith, moduleFile, prints, SPINS, TRAPS } from '../support/modules.js';

describe.each([['--solo'], ['--role', 'pair']])('serve %s', (...flags) => {
  it("passes the guest's exit code on", async () => {
    const { code, errors, events } = await runCli(['serve', ...flags.filter(Boolean), moduleFile(exitsWith(42))]);
    expect({ code, errors }).toEqual({ code: 42, errors: [] });
    expect(events).toContainEqual(expect.objectContaining({ event: 'guest-exit', exitCode: 42 }));
  });

  it("passes the guest's output on, once", async () => {
    const { code, stdout } = await runCli(['serve', ...flags.filter(Boolean), moduleFile(prints('hello, world\n'))]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello, world\n' });
  });

  it('reports a trap', async () => {
    const { code, events } = await runCli(['serve', ...flags.filter(Boolean), moduleFile(TRAPS)]);
    expect(code).toBe(134);
    const exit = events.find(({ event }) => event === 'guest-exit');
    expect(exit?.['description']).toContain('unreachable');
  });

  it('leaves on SIGTERM, even a guest that never calls the host', async () => {
    const process = CliProcess.start(['serve', ...flags.filter(Boolean), moduleFile(SPINS)]);
    await process.event(flags.includes('--solo') ? 'ready' : 'guest-started', {});
    process.kill('SIGTERM');
    expect((await process.exit()).signal).toBeNull();
  });
});
