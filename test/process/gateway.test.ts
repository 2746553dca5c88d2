/** Clients behind a gateway keep their connection, whatever happens to the replicas. */
import { expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import { connectThrough, Replicas, startGateway } from '../support/replicas.js';
import type { RespClient } from '../support/resp-client.js';

/** Increments one key `count` times, one request at a time; every reply must follow the one before. */
async function countUp(client: RespClient, from: number, to: number): Promise<void> {
  for (let i = from; i <= to; i++) expect(await client.command('INCR', 'counter')).toBe(i);
}

it('a killed primary: no connection breaks, nothing is lost or doubled', async () => {
  const { alpha, beta, logAddresses } = await new Replicas().pair();
  const gateway = await startGateway(logAddresses);
  const client = await connectThrough(gateway);
  await countUp(client, 1, 200);
  const counting = countUp(client, 201, 2000);
  alpha.kill('SIGKILL');
  await counting;
  expect(await client.command('GET', 'counter')).toBe('2000');
  await beta.event('go-live');
  await gateway.event('gateway-attached', { address: logAddresses[1] });
  client.close();
});

it('SIGTERM of the primary: clients do not notice', async () => {
  const { alpha, logAddresses } = await new Replicas().pair();
  const gateway = await startGateway(logAddresses);
  const client = await connectThrough(gateway);
  await countUp(client, 1, 100);
  const counting = countUp(client, 101, 1000);
  alpha.kill('SIGTERM');
  await counting;
  expect((await alpha.exit()).code).toBe(EXIT_CODES.ok);
  client.close();
});

it('a gateway inside the backup: its clients keep their connection when the primary dies', async () => {
  const replicas = new Replicas();
  const alpha = await replicas.primary();
  const beta = await replicas.backup(alpha.logAddress, { flags: ['--gateway', '127.0.0.1:0'] });
  await alpha.process.event('backup-joined');
  const client = await connectThrough(beta.process);
  await countUp(client, 1, 100);
  const counting = countUp(client, 101, 500);
  alpha.process.kill('SIGKILL');
  await counting;
  await beta.process.event('gateway-attached', { address: beta.logAddress });
  client.close();
});

it('a gateway inside the primary dies with its process', async () => {
  const replicas = new Replicas();
  const alpha = await replicas.primary({ flags: ['--gateway', '127.0.0.1:0', '--replicas', '127.0.0.1:1'] });
  await replicas.backup(alpha.logAddress);
  await alpha.process.event('guest-started');
  const client = await connectThrough(alpha.process);
  await countUp(client, 1, 10);
  alpha.process.kill('SIGKILL');
  await client.closed;
});

it('clients wait for replicas that are not there, for as long as was said', async () => {
  const { alpha, beta, logAddresses } = await new Replicas().pair();
  const gateway = await startGateway(logAddresses, '--wait', '500ms');
  const client = await connectThrough(gateway);
  await countUp(client, 1, 10);
  alpha.kill('SIGKILL');
  beta.kill('SIGKILL');
  const request = client.command('PING');
  await expect(request).rejects.toThrow('the connection was closed');
  await gateway.event('gateway-gave-up');
  gateway.kill('SIGTERM');
  expect((await gateway.exit()).code).toBe(EXIT_CODES.ok);
});
