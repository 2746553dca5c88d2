/**
 * Replicas that have neither the engine nor the processor in common: a fault of one of them is no fault of both. Clients
 * are at work all the time, and each acknowledged write must be there after the failover.
 */
import { expect, it, onTestFinished } from 'vitest';
import { otherNodes } from '../../tools/nodes.mjs';
import type { CliProcess } from '../support/cli-process.js';
import { connectThrough, type ReplicaOptions, Replicas, startGateway } from '../support/replicas.js';
import type { RespClient } from '../support/resp-client.js';

const CLIENTS = 4;
/** Acknowledged writes of each client before the primary is killed, and in all. */
const BEFORE = 400;
const WRITES = 600;
/** Slow replicas must not look dead on two busy cores. */
const PATIENCE = ['--failure-timeout', '5s', '--join-timeout', '2m'];

/** A primary and its backup with what makes each of them special, and a gateway in front. */
async function start(alpha: ReplicaOptions, beta: ReplicaOptions) {
  const replicas = new Replicas();
  const primary = await replicas.primary({
    ...alpha,
    flags: [...PATIENCE, '--min-backups', '1', ...(alpha.flags ?? [])],
  });
  const backup = await replicas.backup(primary.logAddress, { ...beta, flags: [...PATIENCE, ...(beta.flags ?? [])] });
  await primary.process.event('backup-joined');
  const gateway = await startGateway([primary.logAddress, backup.logAddress]);
  return { primary: primary.process, backup: backup.process, gateway };
}

/** Writes numbers under keys of its own; the connection must live through all of it. */
async function write(client: RespClient, name: number, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) expect(await client.command('SET', `${name}:${i}`, i)).toBe('OK');
}

async function failoverUnderLoad({ primary, backup, gateway }: Record<'primary' | 'backup' | 'gateway', CliProcess>) {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connectThrough(gateway)));
  onTestFinished(() => {
    for (const client of clients) client.close();
  });
  await Promise.all(clients.map((client, name) => write(client, name, 0, BEFORE)));
  const writing = Promise.all(clients.map((client, name) => write(client, name, BEFORE, WRITES)));
  primary.kill('SIGKILL');
  await backup.event('go-live');
  await writing;
  for (const [name, client] of clients.entries()) {
    for (let i = 0; i < WRITES; i++) expect(await client.command('GET', `${name}:${i}`)).toBe(String(i));
  }
  expect(backup.has('diverged')).toBe(false);
}

const interpreted = { flags: ['--engine', 'interpreter'] };

it('the primary compiles, the backup interprets', async () => {
  await failoverUnderLoad(await start({}, interpreted));
});

it('the primary interprets, the backup compiles', async () => {
  await failoverUnderLoad(await start(interpreted, {}));
});

const arm64 = otherNodes().find(({ emulated }) => emulated);

it('the primary is an x86-64, the backup an arm64', async ({ skip }) => {
  if (arm64 === undefined) skip('this is no x86-64, so nothing is emulated');
  if (arm64!.missing.length > 0) skip(`lacks ${arm64!.missing.join(', ')}: run \`node tools/nodes.mjs\``);
  await failoverUnderLoad(await start({}, { node: arm64!.command }));
}, 240_000);
