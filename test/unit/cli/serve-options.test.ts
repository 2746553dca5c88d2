import { describe, expect, it } from 'vitest';
import type { RawServeFlags } from '../../../src/cli/serve-flags.js';
import { toServeOptions } from '../../../src/cli/serve-options.js';

const serve = (flags: RawServeFlags, args: string[] = []) => toServeOptions('kv.wasm', args, flags, { HOME: '/h' });

const BACKUP: RawServeFlags = {
  role: 'backup',
  logListen: '127.0.0.1:7002',
  primary: '127.0.0.1:7001',
  arbiter: 'file:/tmp/shared/kv',
};
const PRIMARY: RawServeFlags = { ...BACKUP, role: 'primary', primary: undefined };

describe('toServeOptions', () => {
  it('is a pair with the library defaults when no flag is given', () => {
    expect(serve({})).toEqual({
      role: 'pair',
      guest: { module: 'kv.wasm', args: [], env: {}, dirs: [], tcplisten: [], random: 'seeded', limits: {} },
      replication: {},
      log: { json: false, level: 'info' },
    });
  });

  it('takes everything', () => {
    const options = serve({
      ...PRIMARY,
      id: 'node-1',
      service: 'store',
      minBackups: '0',
      heartbeat: '10ms',
      failureTimeout: '1s',
      tcplisten: ['127.0.0.1:6379', ':0'],
      dir: ['/srv::/data::ro'],
      env: ['A=1', 'HOME'],
      random: 'os',
      maxMemory: '64MiB',
      maxTable: '10',
      maxStack: '20',
      fuel: '1000',
      json: true,
      logLevel: 'debug',
      stats: 'stats.json',
      statsEvery: '1s',
    });
    expect(options).toEqual({
      role: 'primary',
      guest: {
        module: 'kv.wasm',
        args: [],
        env: { A: '1', HOME: '/h' },
        dirs: [{ host: '/srv', guest: '/data', mode: 'ro' }],
        tcplisten: ['127.0.0.1:6379', ':0'],
        random: 'os',
        limits: { memoryPagesMax: 1024, tableElementsMax: 10, stackUnitsMax: 20 },
        fuel: 1000,
      },
      replication: {
        id: 'node-1',
        service: 'store',
        logListen: '127.0.0.1:7002',
        arbiter: 'file:/tmp/shared/kv',
        minBackups: 0,
        heartbeatMs: 10,
        failureTimeoutMs: 1000,
      },
      log: { json: true, level: 'debug' },
      stats: 'stats.json',
      statsMs: 1000,
    });
  });

  it('passes on that a pair should have no gateway', () => {
    expect(serve({ gateway: false }).replication).toEqual({ gateway: false });
  });

  it('takes a gateway in the same process', () => {
    const { replication } = serve({ ...PRIMARY, gateway: ['127.0.0.1:0'], replicas: 'b:1, c:2' });
    expect(replication).toMatchObject({ gatewayListen: ['127.0.0.1:0'], replicas: ['b:1', 'c:2'] });
  });

  it("strips the '--' before the guest's arguments, once", () => {
    expect(serve({}, ['--', '--port', '--', 'x']).guest.args).toEqual(['--port', '--', 'x']);
    expect(serve({}, ['x', '--', 'y']).guest.args).toEqual(['x', '--', 'y']);
  });

  it.each<[string, RawServeFlags, string]>([
    ['an unknown role', { role: 'leader' }, "--role 'leader': expected one of pair, primary, backup"],
    ['a primary without addresses', { role: 'primary' }, '--role primary needs --log-listen and --arbiter'],
    ['a backup without an arbiter', { ...BACKUP, arbiter: undefined }, '--role backup needs --arbiter'],
    [
      'a primary with a primary',
      { ...BACKUP, role: 'primary' },
      '--primary cannot be used with --role primary: it names',
    ],
    ['a backup that waits', { ...BACKUP, minBackups: '1' }, '--min-backups cannot be used with --role backup: only a'],
    [
      'a standby that gives up',
      { ...PRIMARY, role: 'standby', joinTimeout: '1s' },
      '--join-timeout cannot be used with --role standby: a standby waits',
    ],
    ['a pair with addresses', { logListen: 'a:1' }, '--log-listen cannot be used with --role pair: a pair chooses it'],
    ['a solo primary', { solo: true, role: 'primary' }, '--role cannot be used with --solo: --solo runs the guest'],
    ['a solo arbiter', { solo: true, arbiter: 'file:/a/b' }, '--arbiter cannot be used with --solo'],
    ['a durable pair', { durable: 'd' }, '--durable cannot be used with --role pair: the replicas of a pair die with'],
    ['a durable guest alone', { solo: true, recover: 'd' }, '--recover cannot be used with --solo: a guest without'],
    ['a backup that recovers', { ...BACKUP, recover: 'd' }, '--recover cannot be used with --role backup: this role'],
    [
      'two directories',
      { ...PRIMARY, durable: 'd', recover: 'e' },
      '--recover goes on in its directory; --durable must name the same one',
    ],
    ['a wait without a disk', { ...PRIMARY, outputAfter: 'fsync' }, '--output-after is about a directory on disk'],
    ['snapshots without a disk', { ...PRIMARY, snapshotEvery: '1s' }, '--snapshot-every is about a directory on disk'],
    [
      'an unknown wait',
      { ...PRIMARY, durable: 'd', outputAfter: 'hope' },
      "--output-after 'hope': expected one of ack",
    ],
    ['a bad address', { ...BACKUP, primary: 'nowhere' }, "--primary 'nowhere' is not an address: the :PORT is missing"],
    [
      'an address without a host',
      { ...PRIMARY, logListen: ':7000' },
      "--log-listen ':7000': other replicas must be able",
    ],
    ['an unreachable address', { ...PRIMARY, logListen: '[::]:7000' }, "--log-listen '[::]:7000': other replicas"],
    ['an unknown arbiter', { ...PRIMARY, arbiter: 'http://x' }, "--arbiter 'http://x': expected file:DIR/NAME"],
    [
      'an arbiter without a name',
      { ...PRIMARY, arbiter: 'file:/tmp/' },
      "--arbiter 'file:/tmp/': expected file:DIR/NAME",
    ],
    ['an odd id', { ...PRIMARY, id: 'a b' }, "--id 'a b': expected 1 to 64 letters, digits"],
    ['a duration without a unit', { heartbeat: '20' }, "--heartbeat '20': the unit is missing"],
    ['memory between pages', { maxMemory: '65537B' }, "--max-memory '65537B': expected a multiple of 64KiB"],
    ['no memory', { maxMemory: '0B' }, "--max-memory '0B': expected a multiple of 64KiB"],
    ['an unknown level', { logLevel: 'loud' }, "--log-level 'loud': expected one of trace, debug, info"],
    ['an unknown source', { random: 'dice' }, "--random 'dice': expected one of seeded, os"],
  ])('refuses %s', (_, flags, message) => {
    expect(() => serve(flags)).toThrow(
      expect.objectContaining({ code: 'FTW_USAGE', message: expect.stringContaining(message) }),
    );
  });
});
