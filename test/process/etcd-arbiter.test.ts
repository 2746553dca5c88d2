/** Replicas whose arbiter is a real etcd. Skipped where etcd is not installed. */
import { expect, it } from 'vitest';
import { hasEtcd, startEtcd } from '../support/etcd.js';
import { connectThrough, Replicas, startGateway } from '../support/replicas.js';

it.skipIf(!hasEtcd())('a service whose record is in etcd goes on after its primary’s death (needs etcd)', async () => {
  const { endpoint } = await startEtcd();
  const { alpha, beta, logAddresses } = await new Replicas(`etcd://${endpoint}/services/kv`).pair();
  const gateway = await startGateway(logAddresses);
  const client = await connectThrough(gateway);
  expect(await client.command('INCR', 'n')).toBe(1);
  alpha.kill('SIGKILL');
  expect(await client.command('INCR', 'n')).toBe(2);
  expect(beta.events.filter(({ event }) => event === 'go-live')).toMatchObject([{ epoch: 3 }]);
});

it.skipIf(!hasEtcd())(
  'while etcd is away nobody goes live, and the service goes on when it is back (needs etcd)',
  async () => {
    const { endpoint, kill } = await startEtcd();
    const { alpha, beta } = await new Replicas(`etcd://${endpoint}/services/kv`).pair();
    kill('SIGSTOP');
    alpha.kill('SIGKILL');
    await beta.event('arbiter-unreachable');
    expect(beta.has('go-live')).toBe(false);
    kill('SIGCONT');
    await beta.event('go-live');
  },
);
