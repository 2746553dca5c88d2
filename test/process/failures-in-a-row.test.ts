/** Three replicas, two of which are killed before anything could be transferred: the third has everything. */
import { expect, it } from 'vitest';
import { connectThrough, type ReplicaProcess, Replicas, startGateway } from '../support/replicas.js';

const KEYS = 200;

/** Resolves with the first of them that goes live. */
function firstLive(candidates: readonly ReplicaProcess[]): Promise<ReplicaProcess> {
  return Promise.race(
    candidates.map(async (candidate) => {
      await candidate.process.event('go-live');
      return candidate;
    }),
  );
}

function without(replicas: readonly ReplicaProcess[], one: ReplicaProcess): ReplicaProcess[] {
  return replicas.filter((replica) => replica !== one);
}

async function three(): Promise<[alpha: ReplicaProcess, beta: ReplicaProcess, gamma: ReplicaProcess]> {
  const replicas = new Replicas();
  const flags = ['--backups', '2'];
  const alpha = await replicas.primary({ flags: [...flags, '--min-backups', '2'] });
  const beta = await replicas.backup(alpha.logAddress, { flags });
  const gamma = await replicas.backup(alpha.logAddress, { flags: [...flags, '--id', 'gamma'] });
  await alpha.process.event('guest-started');
  return [alpha, beta, gamma];
}

it('the primary is killed, and its successor at the moment when it goes live', async () => {
  const [alpha, ...backups] = await three();
  const gateway = await startGateway([alpha, ...backups].map(({ logAddress }) => logAddress));
  const client = await connectThrough(gateway);
  for (let key = 1; key <= KEYS; key++) expect(await client.command('SET', `key:${key}`, key)).toBe('OK');
  expect(await client.command('INCR', 'n')).toBe(1);

  alpha.process.kill('SIGKILL');
  const second = await firstLive(backups);
  second.process.kill('SIGKILL');
  const [third] = without(backups, second) as [ReplicaProcess];
  await third.process.event('go-live');

  expect(await client.command('INCR', 'n')).toBe(2);
  for (let key = 1; key <= KEYS; key++) expect(await client.command('GET', `key:${key}`)).toBe(String(key));
  const names = [...second.process.events, ...third.process.events].map(({ event }) => event);
  expect(names).not.toContain('transfer-started');
  expect(names).not.toContain('standby');
  client.close();
});

it('the other backup goes on with the new primary, from where its log ended', async () => {
  const [alpha, ...backups] = await three();
  const gateway = await startGateway([alpha, ...backups].map(({ logAddress }) => logAddress));
  const client = await connectThrough(gateway);
  for (let count = 1; count <= KEYS; count++) expect(await client.command('INCR', 'n')).toBe(count);

  alpha.process.kill('SIGKILL');
  const second = await firstLive(backups);
  const [third] = without(backups, second) as [ReplicaProcess];
  await second.process.event('backup-resumed');
  for (let count = KEYS + 1; count <= 2 * KEYS; count++) expect(await client.command('INCR', 'n')).toBe(count);

  second.process.kill('SIGKILL');
  await third.process.event('go-live');
  expect(await client.command('INCR', 'n')).toBe(2 * KEYS + 1);
  const names = second.process.events.map(({ event }) => event);
  expect(names).not.toContain('transfer-started');
  client.close();
});
