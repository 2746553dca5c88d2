/** An operator asks a replica what it has on disk. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../support/cli-process.js';
import { connectTo, Replicas } from '../support/replicas.js';

it('status says where the durable directory is, and what could be recovered from it', async () => {
  const replicas = new Replicas();
  const directory = path.join(replicas.folder, 'durable');
  const alpha = await replicas.primary({ flags: ['--durable', directory, '--output-after', 'fsync'] });
  const client = await connectTo(alpha.process);
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  const { stdout } = await runCli(['status', '--json', alpha.logAddress]);
  const { durable, event, releasedEvent } = JSON.parse(stdout);
  expect(durable).toMatchObject({ path: directory, segments: 1, snapshotEvent: 0 });
  // The answer to the client waited for the disk.
  expect(durable.syncedEvent).toBeGreaterThanOrEqual(releasedEvent);
  expect(durable.syncedEvent).toBeLessThanOrEqual(event);
  const sizes = readdirSync(directory).map((name) => statSync(path.join(directory, name)).size);
  // The log only grows meanwhile.
  expect(durable.bytes).toBeGreaterThan(0);
  expect(durable.bytes).toBeLessThanOrEqual(sizes.reduce((sum, size) => sum + size));
  const text = await runCli(['status', alpha.logAddress]);
  expect(text.stdout).toContain(`in ${directory}: no snapshot yet, the log up to event`);
  client.close();
});
