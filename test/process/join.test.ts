/** Redundancy comes back: replicas that join a running service, on real processes under real clients. */
import { expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import { runCli } from '../support/cli-process.js';
import { connectThrough, connectTo, Replicas, startGateway } from '../support/replicas.js';

/** Counts as fast as it is answered until it is told to stop; returns the last answer. */
function counting(client: { command(...args: (string | number)[]): Promise<unknown> }, key: string) {
  let going = true;
  let last = 0;
  const done = (async () => {
    while (going) {
      const answer = await client.command('INCR', key);
      // Nothing is lost and nothing executed twice, whatever happens to the replicas meanwhile.
      expect(answer).toBe(++last);
    }
    return last;
  })();
  return {
    stop: () => {
      going = false;
      return done;
    },
  };
}

it('a backup joins a primary that has run alone, under load, and takes over', async () => {
  const replicas = new Replicas();
  const alpha = await replicas.primary();
  const gateway = await startGateway([alpha.logAddress]);
  const client = await connectThrough(gateway);
  for (let i = 1; i <= 300; i++) await client.command('SET', `key:${i}`, i);
  const load = counting(client, 'n');
  const beta = await replicas.backup(alpha.logAddress);
  await alpha.process.event('backup-joined', { id: 'beta' });
  const last = await load.stop();
  expect(await client.command('INCR', 'n')).toBe(last + 1);
  client.close();

  const direct = await connectTo(alpha.process);
  expect(await direct.command('GET', 'n')).toBe(String(last + 1));
  alpha.process.kill('SIGKILL');
  await beta.process.event('go-live');
  const after = await connectTo(beta.process);
  expect(await after.command('GET', 'n')).toBe(String(last + 1));
  for (let i = 1; i <= 300; i++) expect(await after.command('GET', `key:${i}`)).toBe(String(i));
  after.close();
});

it('a standby is recruited when the backup dies, and again when the primary does', async () => {
  const replicas = new Replicas();
  const { alpha, beta, logAddresses } = await replicas.pair();
  const gamma = await replicas.standby('gamma');
  await gamma.process.event('standby');
  const delta = await replicas.standby('delta');
  await delta.process.event('standby');
  const client = await connectThrough(await startGateway([...logAddresses, gamma.logAddress, delta.logAddress]));
  const load = counting(client, 'n');
  beta.kill('SIGKILL');
  await alpha.event('backup-joined', { id: 'gamma' });
  alpha.kill('SIGKILL');
  await gamma.process.event('go-live');
  await gamma.process.event('backup-joined', { id: 'delta' });
  gamma.process.kill('SIGKILL');
  await delta.process.event('go-live');
  const last = await load.stop();
  expect(await client.command('GET', 'n')).toBe(String(last));
  client.close();
});

it('a primary that is started again with the same command joins as a backup', async () => {
  const replicas = new Replicas();
  const { alpha, beta, logAddresses } = await replicas.pair();
  const client = await connectThrough(await startGateway(logAddresses));
  const load = counting(client, 'n');
  alpha.kill('SIGKILL');
  await beta.event('go-live');
  const again = await replicas.primary();
  await again.process.event('already-running');
  await beta.event('backup-joined', { id: 'alpha' });
  const { stdout } = await runCli(['status', '--json', logAddresses[1]!]);
  expect(JSON.parse(stdout)).toMatchObject({ role: 'primary', members: ['beta', 'alpha'], standbys: [] });
  await load.stop();
  client.close();
});

it('a newcomer with other arguments is refused, and harms nobody', async () => {
  const replicas = new Replicas();
  const alpha = await replicas.primary();
  const client = await connectTo(alpha.process);
  expect(await client.command('SET', 'a', '1')).toBe('OK');
  const beta = await replicas.backup(alpha.logAddress, { args: ['--other'] });
  expect((await beta.process.exit()).code).toBe(EXIT_CODES.handshakeRefused);
  expect(await client.command('INCR', 'a')).toBe(2);
  client.close();
});

it('two backups, one acknowledgement: the one with more of the log goes live, the other goes on with it', async () => {
  const replicas = new Replicas();
  const flags = ['--backups', '2', '--acks', '1'];
  const alpha = await replicas.primary({ flags: [...flags, '--min-backups', '2'] });
  const beta = await replicas.backup(alpha.logAddress, { flags });
  const gamma = await replicas.backup(alpha.logAddress, { flags: [...flags, '--id', 'gamma'] });
  await alpha.process.event('guest-started');
  const logAddresses = [alpha, beta, gamma].map(({ logAddress }) => logAddress);
  const client = await connectThrough(await startGateway(logAddresses));
  const load = counting(client, 'n');
  alpha.process.kill('SIGKILL');
  const live = await Promise.race([
    beta.process.event('go-live').then(() => beta),
    gamma.process.event('go-live').then(() => gamma),
  ]);
  const other = live === beta ? gamma : beta;
  await live.process.event('backup-resumed');
  await other.process.event('ready', { primary: live === beta ? 'beta' : 'gamma' });
  expect(other.process.has('rejoining')).toBe(false);
  const last = await load.stop();
  expect(await client.command('GET', 'n')).toBe(String(last));
  client.close();
});
