/** Services on disk: everybody dies, and they go on where their outputs left off. */
import { readdirSync, renameSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import { Random } from '../sim/random.js';
import type { CliProcess } from '../support/cli-process.js';
import { Counters, DurableService } from '../support/durable-service.js';
import { connectThrough, ECHO } from '../support/replicas.js';

const FSYNC = ['--output-after', 'fsync'];
/** Snapshots all the time. */
const OFTEN = ['--snapshot-log', '64KiB', '--snapshot-every', '300ms'];

/** Moments to die at; a failure says which by the name of its test. */
const SEED = 20_251;

/** All that was acknowledged is there, and nothing was counted twice. */
async function expectCounts(gateway: CliProcess, { counts }: Counters): Promise<void> {
  const client = await connectThrough(gateway);
  for (const [index, count] of counts.entries()) {
    expect(await client.command('GET', `counter-${index}`)).toBe(String(count));
  }
  expect(gateway.has('gateway-gave-up')).toBe(false);
}

describe('behind a gateway, clients notice a pause and nothing else', () => {
  it.each([
    ['only the log', FSYNC],
    ['snapshots now and then', [...FSYNC, ...OFTEN]],
  ])('a primary alone is killed again and again, with %s', async (_, flags) => {
    const service = await DurableService.create(...flags);
    let alpha = await service.primary('durable');
    const gateway = await service.gateway();
    const counters = await Counters.start(gateway, 8);
    const random = new Random(SEED);
    for (let round = 0; round < 4; round++) {
      if (flags.length > FSYNC.length) await alpha.process.event('durable-snapshot');
      await counters.more(random.whole(50, 500));
      alpha.process.kill('SIGKILL');
      await alpha.process.exit();
      alpha = await service.primary('recover');
      expect(await alpha.process.event('recovering')).toMatchObject({ complete: true });
      await alpha.process.event('go-live');
    }
    await counters.more(200);
    await counters.stop();
    await expectCounts(gateway, counters);
  });

  it('a recovery is killed at each of its steps, and tried again', async () => {
    const service = await DurableService.create(...FSYNC, ...OFTEN);
    let alpha = await service.primary('durable');
    const gateway = await service.gateway();
    const counters = await Counters.start(gateway, 8);
    for (const step of ['listening', 'epoch-won', 'recovering', 'go-live', 'durable-snapshot']) {
      await counters.more(100);
      alpha.process.kill('SIGKILL');
      await alpha.process.exit();
      alpha = await service.primary('recover');
      await alpha.process.event(step);
      alpha.process.kill('SIGKILL');
      await alpha.process.exit();
      alpha = await service.primary('recover');
      expect(await alpha.process.event('recovering')).toMatchObject({ complete: true });
    }
    await counters.more(100);
    await counters.stop();
    await expectCounts(gateway, counters);
  });

  it('primary and backup are killed at once', async () => {
    const service = await DurableService.create(...FSYNC, ...OFTEN);
    let alpha = await service.primary('durable');
    const gateway = await service.gateway();
    const counters = await Counters.start(gateway, 8);
    const random = new Random(SEED + 1);
    for (let round = 0; round < 3; round++) {
      const beta = await service.backup();
      await alpha.process.event('backup-joined');
      await counters.more(random.whole(1, 300));
      alpha.process.kill('SIGKILL');
      beta.process.kill('SIGKILL');
      await Promise.all([alpha.process.exit(), beta.process.exit()]);
      alpha = await service.primary('recover');
      expect(await alpha.process.event('recovering')).toMatchObject({ complete: true });
    }
    await counters.more(200);
    await counters.stop();
    await expectCounts(gateway, counters);
  });

  it('the backup took over before it was killed too: its directory is the one that counts', async () => {
    const service = await DurableService.create(...FSYNC, ...OFTEN);
    const alpha = await service.primary('durable');
    const gateway = await service.gateway();
    const counters = await Counters.start(gateway, 8);
    const beta = await service.backup();
    await alpha.process.event('backup-joined');
    // Its first snapshot is the state that it was sent, the second its own, of a guest that replays.
    await beta.process.event('durable-snapshot');
    const since = beta.process.events.findIndex(({ event }) => event === 'durable-snapshot') + 1;
    await beta.process.event('durable-snapshot', {}, since);
    await counters.more(100);
    alpha.process.kill('SIGKILL');
    await beta.process.event('go-live');
    await counters.more(100);
    beta.process.kill('SIGKILL');
    await beta.process.exit();
    const stale = await service.primary('recover');
    expect(await stale.process.exit()).toEqual({ code: EXIT_CODES.lostEpoch, signal: null });
    const { reason } = await stale.process.event('stopped');
    expect(reason).toMatch(
      /^the directory ends with event \d+, as alpha knew it; since then beta was live, in epoch 3/,
    );
    const again = await service.recoverBackup();
    expect(await again.process.event('recovering')).toMatchObject({ complete: true });
    await counters.more(100);
    await counters.stop();
    await expectCounts(gateway, counters);
  });
});

describe('a disk that fails', () => {
  it('stops a replica whose outputs wait for it, and the other one takes over', async () => {
    const service = await DurableService.create(...FSYNC, ...OFTEN);
    const alpha = await service.primary('durable');
    const gateway = await service.gateway();
    const counters = await Counters.start(gateway, 4);
    const beta = await service.backup();
    await alpha.process.event('backup-joined');
    renameSync(service.directory, `${service.directory}-gone`);
    expect(await alpha.process.exit()).toEqual({ code: EXIT_CODES.durable, signal: null });
    expect(await alpha.process.event('durable-failed')).toMatchObject({
      reason: expect.stringMatching(/cannot be written/),
    });
    await beta.process.event('go-live');
    await counters.more(100);
    await counters.stop();
    await expectCounts(gateway, counters);
  });

  it('is reported and tried again where outputs do not wait', async () => {
    const service = await DurableService.create(...OFTEN);
    const alpha = await service.primary('durable');
    const gateway = await service.gateway();
    const counters = await Counters.start(gateway, 4);
    await alpha.process.event('durable-snapshot');
    renameSync(service.directory, `${service.directory}-gone`);
    await alpha.process.event('durable-failed');
    await counters.more(100);
    renameSync(`${service.directory}-gone`, service.directory);
    await alpha.process.event('durable-again');
    await counters.stop();
    await expectCounts(gateway, counters);
  });
});

it('a shutdown in good order can be gone on with, too', async () => {
  const service = await DurableService.create();
  let alpha = await service.primary('durable');
  const gateway = await service.gateway();
  const client = await connectThrough(gateway);
  expect(await client.command('SET', 'a', 'b')).toBe('OK');
  alpha.process.kill('SIGTERM');
  expect(await alpha.process.exit()).toEqual({ code: 0, signal: null });
  alpha = await service.primary('recover');
  await alpha.process.event('go-live');
  expect(await (await connectThrough(gateway)).command('GET', 'a')).toBe('b');
});

it('without fsync the end of the log may be missing: connections of before are reset, new ones find the service', async () => {
  const service = await DurableService.create();
  let alpha = await service.primary('durable');
  const gateway = await service.gateway();
  const client = await connectThrough(gateway);
  expect(await client.command('INCR', 'n')).toBe(1);
  alpha.process.kill('SIGKILL');
  await alpha.process.exit();
  alpha = await service.primary('recover');
  expect(await alpha.process.event('recovering')).toMatchObject({ complete: false });
  await client.closed;
  const again = await connectThrough(gateway);
  expect(Number(await again.command('INCR', 'n'))).toBeGreaterThan(0);
});

describe('refuses', () => {
  it('a directory that is in use, holds a service, or holds none', async () => {
    const service = await DurableService.create();
    const empty = await service.start('primary', ['--recover', service.directory]);
    expect(await empty.exit()).toMatchObject({ code: EXIT_CODES.durable });
    expect(empty.errors.join()).toMatch(/holds nothing to recover.*\[FTW_DURABLE\]/);
    const alpha = await service.primary('durable');
    const gateway = await service.gateway();
    expect(await (await connectThrough(gateway)).command('SET', 'a', 'b')).toBe('OK');
    const second = await service.start('primary', ['--recover', service.directory]);
    expect(await second.exit()).toMatchObject({ code: EXIT_CODES.durable });
    expect(second.errors.join()).toMatch(/is in use by process \d+ on .*\[FTW_DURABLE\]/);
    alpha.process.kill('SIGKILL');
    await alpha.process.exit();
    const afresh = await service.start('primary', ['--id', 'alpha', '--durable', service.directory]);
    expect(await afresh.exit()).toMatchObject({ code: EXIT_CODES.durable });
    expect(afresh.errors.join()).toMatch(/holds the service kv.wasm up to event \d+; go on with it by --recover/);
  });

  it('another module and another configuration, and names what differs', async () => {
    const service = await DurableService.create(...FSYNC);
    const alpha = await service.primary('durable');
    await alpha.process.event('guest-started');
    await service.served(alpha);
    alpha.process.kill('SIGKILL');
    await alpha.process.exit();
    const other = await service.start('primary', ['--recover', service.directory, '--service', 'kv.wasm'], ECHO);
    expect(await other.exit()).toMatchObject({ code: EXIT_CODES.durable });
    expect(other.errors.join()).toMatch(
      /cannot be recovered here: module: [0-9a-f]{64} in the directory, [0-9a-f]{64} here/,
    );
    const tight = await service.start('primary', ['--recover', service.directory, '--max-memory', '128MiB']);
    expect(await tight.exit()).toMatchObject({ code: EXIT_CODES.durable });
    expect(tight.errors.join()).toMatch(/memory-pages-max: 65536 in the directory, 2048 here/);
  });

  it('to take the service from a replica that lives', async () => {
    const service = await DurableService.create();
    const alpha = await service.primary('durable');
    const beta = await service.backup();
    await alpha.process.event('backup-joined');
    alpha.process.kill('SIGKILL');
    await beta.process.event('go-live');
    const again = await service.start('primary', ['--recover', service.directory]);
    expect(await again.exit()).toMatchObject({ code: EXIT_CODES.lostEpoch });
    expect(again.errors.join()).toMatch(/beta at .* may be alive: it is a primary of kv.wasm.*\[FTW_EPOCH_LOST\]/);
    expect(readdirSync(service.directory).filter((name) => name.startsWith('lock'))).toEqual([]);
  });
});
