/** Snapshots of replicas that run, and a service that goes on from one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import { runCli } from '../support/cli-process.js';
import { MAIN } from '../support/command.js';
import { temporaryFolder } from '../support/modules.js';
import { connectThrough, KV, Replicas, startGateway } from '../support/replicas.js';
import { RespClient } from '../support/resp-client.js';

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A service that goes on from `file`, and a client of it. */
async function resumed(file: string): Promise<RespClient> {
  const address = `127.0.0.1:${await freePort()}`;
  const service = spawn(process.execPath, [MAIN, 'resume', '--tcplisten', address, file, KV], { stdio: 'ignore' });
  onTestFinished(() => void service.kill('SIGKILL'));
  for (;;) {
    expect(service.exitCode).toBeNull();
    const client = await RespClient.connect(address).catch(() => undefined);
    if (client !== undefined) return client;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('primary and backup write down what they are, and the service goes on from both', async () => {
  const { logAddresses } = await new Replicas().pair();
  const client = await connectThrough(await startGateway(logAddresses));
  for (let key = 0; key < 300; key++) await client.command('SET', `key:${key}`, 'v'.repeat(10_000) + key);
  const files = logAddresses.map((_, index) => path.join(temporaryFolder(), `${index}.snap`));
  for (const [index, address] of logAddresses.entries()) {
    const { code, stdout, errors } = await runCli(['snapshot', '--replica', address, '-o', files[index]!, '--json']);
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    const taken = JSON.parse(stdout) as { event: number; bytes: number };
    expect(taken.event).toBeGreaterThan(300);
    expect(taken.bytes).toBeGreaterThan(1000);
  }
  expect(await client.command('GET', 'key:7')).toBe(`${'v'.repeat(10_000)}7`);
  client.close();
  for (const file of files) {
    const later = await resumed(file);
    expect(await later.command('GET', 'key:299')).toBe(`${'v'.repeat(10_000)}299`);
    expect(await later.command('INCR', 'after')).toBe(1);
    later.close();
  }
});

it('a replica whose guest does not run gives none', async () => {
  const replicas = new Replicas();
  await replicas.primary({ flags: ['--min-backups', '0', '--backups', '0'] });
  const { process: standby, logAddress } = await replicas.standby('gamma');
  await standby.event('standby');
  const file = path.join(temporaryFolder(), 'none.snap');
  const { code, errors } = await runCli(['snapshot', '--replica', logAddress, '-o', file]);
  expect(code).toBe(EXIT_CODES.handshakeRefused);
  expect(errors).toEqual([expect.stringMatching(/gives no snapshot: its guest does not run \[FTW_HANDSHAKE\]$/)]);
});

it('flags that do not go together are refused', async () => {
  const { code, errors } = await runCli(['snapshot', '--replica', '127.0.0.1:1', '--at', '5', '-o', 'x']);
  expect(code).toBe(EXIT_CODES.usage);
  expect(errors).toEqual([expect.stringMatching(/--at is about a recording/)]);
});
