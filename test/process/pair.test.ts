/** One command, two replicas, a gateway: what a newcomer starts first. */
import { expect, it } from 'vitest';
import { CliProcess } from '../support/cli-process.js';
import { connectThrough, connectTo, KV } from '../support/replicas.js';

/** Starts a pair that serves the key-value guest and kills its primary by the process id in its log. */
async function startPair(...flags: string[]) {
  const pair = CliProcess.start(['serve', '--failure-timeout', '1s', '--tcplisten', '127.0.0.1:0', ...flags, KV]);
  const started = await pair.event('replica-started', { role: 'primary' });
  await pair.event('guest-started', { mode: 'live' });
  return { pair, killPrimary: () => process.kill(Number(started['pid']), 'SIGKILL') };
}

it('a client keeps its connection when the primary is killed', async () => {
  const { pair, killPrimary } = await startPair();
  const client = await connectThrough(pair);
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  killPrimary();
  expect(await client.command('INCR', 'a')).toBe(2);
  await pair.event('go-live');
  pair.kill('SIGTERM');
  expect(await pair.exit()).toEqual({ code: 0, signal: null });
});

it('without a gateway, clients find the new primary at the same address', async () => {
  const { pair, killPrimary } = await startPair('--no-gateway');
  const client = await connectTo(pair);
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  killPrimary();
  await client.closed;
  await pair.event('go-live');
  const { address } = await pair.event('listening', { kind: 'client', replica: 'replica-2' });
  expect(address).toBe((await pair.event('listening', { kind: 'client', replica: 'replica-1' }))['address']);
  const again = await connectTo(pair);
  expect(await again.command('INCR', 'a')).toBe(2);
  again.close();
});

it('SIGTERM for the whole group ends the pair in order: nobody takes over what is meant to stop', async () => {
  const { pair } = await startPair();
  process.kill(-pair.pid, 'SIGTERM');
  expect(await pair.exit()).toEqual({ code: 0, signal: null });
  expect(pair.has('handing-over')).toBe(false);
  expect(pair.has('go-live')).toBe(false);
  expect(pair.errors).toEqual([]);
});

it('SIGTERM for the primary alone is a hand-over', async () => {
  const { pair } = await startPair();
  const client = await connectThrough(pair);
  expect(await client.command('INCR', 'a')).toBe(1);
  process.kill(Number((await pair.event('replica-started', { role: 'primary' }))['pid']), 'SIGTERM');
  await pair.event('go-live');
  expect(await client.command('INCR', 'a')).toBe(2);
  expect(pair.has('peer-silent')).toBe(false);
  client.close();
});

it('leaves nothing behind', async () => {
  const { pair } = await startPair();
  const pids = pair.events.filter(({ event }) => event === 'replica-started').map((event) => Number(event['pid']));
  expect(pids).toHaveLength(2);
  pair.kill('SIGTERM');
  expect((await pair.exit()).code).toBe(0);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
