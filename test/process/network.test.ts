/** A network between the replicas that lies or breaks, while both of them live. */
import { expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import type { CliProcess } from '../support/cli-process.js';
import { connectTo, Replicas } from '../support/replicas.js';
import { TcpProxy } from '../support/tcp-proxy.js';

async function pairThroughProxy() {
  let proxy: TcpProxy | undefined;
  const via = async (logAddress: string): Promise<string> => {
    proxy = await TcpProxy.open(logAddress);
    return proxy.address;
  };
  // The loser is to show by its exit that it has lost.
  const replicas = await new Replicas().pair({ via, flags: ['--no-rejoin'] });
  return { ...replicas, proxy: proxy! };
}

/** Waits until one of two replicas has left; exactly one may live on, and it serves. */
async function oneSurvivor(alpha: CliProcess, beta: CliProcess): Promise<CliProcess> {
  const first = await Promise.race([
    alpha.exit().then((exit) => ({ exit, survivor: beta })),
    beta.exit().then((exit) => ({ exit, survivor: alpha })),
  ]);
  expect(first.exit.code).toBe(EXIT_CODES.lostEpoch);
  await Promise.race([first.survivor.event('solo'), first.survivor.event('go-live')]);
  return first.survivor;
}

it('a corrupted frame ends the connection, and one replica goes on with the right data', async () => {
  const { alpha, beta, proxy } = await pairThroughProxy();
  const client = await connectTo(alpha);
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  proxy.corruptNextReply();
  client.command('SET', 'b', '2').catch(() => {});
  const survivor = await oneSurvivor(alpha, beta);
  const after = await connectTo(survivor);
  expect(await after.command('GET', 'a')).toBe('1');
  after.close();
  client.close();
});

it('a broken log channel: both race for the arbiter, exactly one wins', async () => {
  const { alpha, beta, proxy } = await pairThroughProxy();
  const client = await connectTo(alpha);
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  proxy.cut();
  const survivor = await oneSurvivor(alpha, beta);
  const after = await connectTo(survivor);
  expect(await after.command('GET', 'a')).toBe('1');
  after.close();
  client.close();
});
