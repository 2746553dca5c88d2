/** Who may write a directory. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { lockDirectory } from '../../../src/durable/node/lock.js';
import { DurableDirectory } from '../../../src/durable/node/open.js';
import { temporaryFolder } from '../../support/modules.js';

const NAME = 'lock-00000000-0000-4000-8000-000000000000';

function leave(folder: string, holder: unknown): void {
  writeFileSync(path.join(folder, NAME), JSON.stringify(holder));
}

it('is one process at a time', async () => {
  const folder = temporaryFolder();
  const lock = await lockDirectory(folder);
  await expect(lockDirectory(folder)).rejects.toMatchObject({ code: 'FTW_DURABLE' });
  await lock.release();
  const again = await lockDirectory(folder);
  await again.release();
  expect(readdirSync(folder)).toEqual([]);
});

it('is not a process that has died, nor a later one with its number', async () => {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  leave(folder, { host: hostname(), pid: child.pid, started: '' });
  await (await lockDirectory(folder)).release();
  leave(folder, { host: hostname(), pid: process.pid, started: 'another boot 1' });
  await (await lockDirectory(folder)).release();
  expect(readdirSync(folder)).toEqual([]);
});

it('may be a process of another machine, which cannot be asked', async () => {
  const folder = temporaryFolder();
  leave(folder, { host: 'elsewhere', pid: 1, started: '' });
  await expect(lockDirectory(folder)).rejects.toThrow(
    /in use by process 1 on elsewhere, which cannot be asked from here/,
  );
  expect(readdirSync(folder)).toEqual([NAME]);
});

it.each([
  ['of another machine', '{"host":"elsewhere","pid":1,"started":""}'],
  ['that its process never finished', '{"host":"else'],
])('says by which command a lock %s is removed, and that command does it', async (_, content) => {
  const folder = path.join(temporaryFolder(), "with a space and a ' in it");
  mkdirSync(folder);
  writeFileSync(path.join(folder, NAME), content);
  const { message } = (await DurableDirectory.open(folder).catch((error: unknown) => error)) as Error;
  const command = /free the directory by: (rm .*)$/.exec(message)?.[1];
  expect(command).toContain(NAME);
  execFileSync('sh', ['-c', command!]);
  await (await DurableDirectory.open(folder)).close();
});

it('is given back when the directory cannot be read', async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'log-00000001'), 'something else than what belongs here');
  await expect(DurableDirectory.open(folder)).rejects.toMatchObject({
    code: 'FTW_DURABLE',
    message: expect.stringMatching(/log-00000001 is no file of a durable directory/),
  });
  expect(readdirSync(folder)).toEqual(['log-00000001']);
});
