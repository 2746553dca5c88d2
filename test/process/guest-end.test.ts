/** How a guest ends is how the command ends. */
import { describe, expect, it } from 'vitest';
import { CliProcess, runCli } from '../support/cli-process.js';
import { ClientSocket } from '../support/client-socket.js';
import { exitsWith, moduleFile, prints, SPINS, TRAPS } from '../support/modules.js';
import { clientAddress, Replicas, startGateway } from '../support/replicas.js';
import { TcpProxy } from '../support/tcp-proxy.js';

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

describe('behind a gateway', () => {
  /** Takes one connection, answers `bye` to its first bytes and exits with 7, without closing anything. */
  const SAYS_BYE_AND_EXITS = `(module
    (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\20\\00\\00\\00\\03\\00\\00\\00")
    (data (i32.const 8) "\\40\\00\\00\\00\\10\\00\\00\\00")
    (data (i32.const 32) "bye")
    (func (export "_start")
      (drop (call $accept (i32.const 3) (i32.const 0) (i32.const 16)))
      (drop (call $read (i32.load (i32.const 16)) (i32.const 8) (i32.const 1) (i32.const 20)))
      (drop (call $write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 20)))
      (call $exit (i32.const 7))))`;

  it.each(['up', 'down for a while'])("the last output arrives, with the gateway's link %s", async (link) => {
    const { alpha, beta, logAddresses } = await new Replicas().pair({ module: moduleFile(SAYS_BYE_AND_EXITS) });
    const proxy = await TcpProxy.open(logAddresses[0]!);
    const gateway = await startGateway([proxy.address, logAddresses[1]!]);
    const client = await ClientSocket.connect(await clientAddress(gateway));
    let answer = '';
    client.socket.on('data', (bytes) => {
      answer += String(bytes);
    });
    if (link !== 'up') proxy.stall('replies');
    client.socket.write('hello');
    if (link !== 'up') {
      await alpha.event('guest-exit');
      proxy.cut();
      await gateway.event('gateway-detached');
      proxy.mend();
    }
    await client.until(() => client.ending !== undefined);
    expect({ answer, ending: client.ending }).toEqual({ answer: 'bye', ending: 'end' });
    client.socket.destroy();
    expect([(await alpha.exit()).code, (await beta.exit()).code]).toEqual([7, 7]);
  });
});
