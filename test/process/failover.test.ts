/** Deaths, stops and hand-overs of real processes under real clients. */
import net from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import { connectTo, Replicas } from '../support/replicas.js';

it('a killed primary: the backup goes live with every acknowledged write', async () => {
  const { alpha, beta } = await new Replicas().pair();
  const before = await connectTo(alpha);
  let acknowledged = 0;
  const writing = (async () => {
    for (let i = 1; ; i++) {
      await before.command('SET', `key:${i}`, i);
      acknowledged = i;
      if (i === 500) alpha.kill('SIGKILL');
    }
  })();
  await expect(writing).rejects.toThrow('the connection was closed');

  await beta.event('go-live');
  const after = await connectTo(beta);
  expect(acknowledged).toBeGreaterThanOrEqual(500);
  for (let i = 1; i <= acknowledged; i++) expect(await after.command('GET', `key:${i}`)).toBe(String(i));
  expect(await after.command('SET', 'still', 'alive')).toBe('OK');
  after.close();
});

it('a killed backup: the primary wins the epoch and goes on alone', async () => {
  const { alpha, beta } = await new Replicas().pair();
  const client = await connectTo(alpha);
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  beta.kill('SIGKILL');
  await alpha.event('solo');
  expect(await client.command('INCR', 'a')).toBe(2);
  expect(alpha.has('epoch-lost')).toBe(false);
  client.close();
});

it('SIGTERM: the primary hands over and leaves with 0', async () => {
  const { alpha, beta } = await new Replicas().pair();
  const client = await connectTo(alpha);
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  alpha.kill('SIGTERM');
  await alpha.event('handing-over');
  await beta.event('go-live');
  expect((await alpha.exit()).code).toBe(EXIT_CODES.ok);
  const after = await connectTo(beta);
  expect(await after.command('GET', 'a')).toBe('1');
  // It was told: nobody had to be missed first.
  expect(beta.has('peer-silent')).toBe(false);
  after.close();
});

it('a stopped primary that wakes up releases nothing and leaves', async () => {
  const { alpha, beta } = await new Replicas().pair();
  const client = await connectTo(alpha);
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  alpha.kill('SIGSTOP');
  // This reaches the stopped primary's socket and may be executed there once it wakes up.
  const late = client.command('INCR', 'a');
  late.catch(() => {});
  await beta.event('go-live');
  const after = await connectTo(beta);
  expect(await after.command('SET', 'a', '10')).toBe('OK');
  alpha.kill('SIGCONT');
  await expect(late).rejects.toThrow('the connection was closed');
  expect((await alpha.exit()).code).toBe(EXIT_CODES.lostEpoch);
  expect(alpha.has('epoch-lost')).toBe(true);
  expect(await after.command('GET', 'a')).toBe('10');
  after.close();
});

it('a stopped backup: the primary goes on, and the backup that wakes up joins again with a fresh guest', async () => {
  const { alpha, beta } = await new Replicas().pair();
  const client = await connectTo(alpha);
  beta.kill('SIGSTOP');
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  await alpha.event('solo');
  const solo = alpha.events.length;
  beta.kill('SIGCONT');
  await beta.event('rejoining');
  await alpha.event('backup-joined', { id: 'beta' }, solo);
  expect(beta.has('go-live')).toBe(false);
  expect(await client.command('GET', 'a')).toBe('1');
  client.close();
});

it('garbage and foreign protocols on the log port harm nobody', async () => {
  const replicas = new Replicas();
  const primary = await replicas.primary();
  const at = primary.logAddress.lastIndexOf(':');
  const target = { host: primary.logAddress.slice(0, at), port: Number(primary.logAddress.slice(at + 1)) };
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '*1\r\n$4\r\nPING\r\n', '\0'.repeat(1000), 'FTW\x07']) {
    const socket = net.connect(target);
    onTestFinished(() => void socket.destroy());
    await new Promise<void>((resolve) => {
      socket.on('error', () => {}).on('close', () => resolve());
      socket.write(bytes);
      socket.resume();
    });
  }
  await replicas.backup(primary.logAddress);
  await primary.process.event('backup-joined');
});
