/** Replicas that do not fit together say what differs, and the service goes on. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import { ROOT } from '../support/cli-process.js';
import { exitsWith, moduleFile, temporaryFolder } from '../support/modules.js';
import { type ReplicaOptions, Replicas } from '../support/replicas.js';

/** A primary that waits for its backup, and a backup that differs from it: both report the difference. */
async function refusedBackup(differing: ReplicaOptions): Promise<string> {
  const replicas = new Replicas();
  const alpha = await replicas.primary();
  const beta = await replicas.backup(alpha.logAddress, differing);
  const refused = await alpha.process.event('backup-refused');
  expect((await beta.process.exit()).code).toBe(EXIT_CODES.handshakeRefused);
  const stopped = await beta.process.event('stopped');
  expect(stopped['reason']).toContain(String(refused['reason']));
  // The primary still takes a backup that fits.
  await replicas.backup(alpha.logAddress);
  await alpha.process.event('backup-joined');
  return String(refused['reason']);
}

it('another module', async () => {
  const reason = await refusedBackup({ module: moduleFile(exitsWith(0), 'kv.wasm') });
  expect(reason).toMatch(/module is [0-9a-f]+\S* on alpha but [0-9a-f]+\S* on beta/);
});

it('other arguments', async () => {
  const reason = await refusedBackup({ args: ['--extra'] });
  expect(reason).toMatch(/arguments is .* on alpha but .*--extra.* on beta/);
});

it('another environment', async () => {
  expect(await refusedBackup({ flags: ['--env', 'COLOUR=blue'] })).toContain('environment is');
});

it('other limits', async () => {
  const reason = await refusedBackup({ flags: ['--max-memory', '1GiB'] });
  expect(reason).toContain('memory-pages-max is 65536 on alpha but 16384 on beta');
});

it('another version of ft-wasm', async () => {
  const reason = await refusedBackup({ main: copyWithVersion('9.9.9') });
  expect(reason).toMatch(/version is \S+ on alpha but 9\.9\.9 on beta/);
});

it('a primary that is not there', async () => {
  const beta = await new Replicas().backup('127.0.0.1:1', { flags: ['--join-timeout', '1s'] });
  const unreachable = await beta.process.event('primary-unreachable');
  expect(unreachable).toMatchObject({ address: '127.0.0.1:1', reason: expect.stringContaining('connection refused') });
  expect((await beta.process.exit()).code).toBe(EXIT_CODES.primaryUnreachable);
});

/** The built command with another version number; returns its main file. */
function copyWithVersion(version: string): string {
  const folder = temporaryFolder();
  cpSync(path.join(ROOT, 'dist'), path.join(folder, 'dist'), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ ...manifest, version }));
  return path.join(folder, 'dist/cli/main.js');
}
