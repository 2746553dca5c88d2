import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { ArbiterUnreachableError } from '../../../src/arbiter/arbiter.js';
import { EtcdArbiter } from '../../../src/arbiter/node/etcd.js';
import { ArbiterError } from '../../../src/errors.js';
import { type EtcdFault, FakeEtcd, hasEtcd, listen, startEtcd } from '../../support/etcd.js';
import { record } from './contract.js';

const KEY = 'services/kv';

/** The arbiter's contract needs endpoints that exist before a test asks for them: it is repeated here in short. */
async function keepsTheContract(endpoints: readonly string[]): Promise<void> {
  const open = () => new EtcdArbiter({ endpoints, key: KEY });
  const [first, second] = [open(), open()];
  expect(await first.read()).toBeUndefined();
  expect(await first.compareAndSet(0, record(1))).toEqual({ won: true, generation: 1 });
  const current = { generation: 1, record: record(1) };
  for (const expected of [0, 2]) {
    expect(await second.compareAndSet(expected, record(1, 'b'))).toEqual({ won: false, current });
  }
  expect(await second.compareAndSet(1, record(2, 'b'))).toEqual({ won: true, generation: 2 });
  expect(await first.read()).toEqual({ generation: 2, record: record(2, 'b') });

  const racers = Array.from({ length: 12 }, (_, index) => `r${index}`);
  const results = await Promise.all(racers.map((id) => open().compareAndSet(2, record(3, id))));
  const winners = racers.filter((_, index) => results[index]?.won);
  expect(winners).toHaveLength(1);
  expect((await open().read())?.record.live).toBe(winners[0]);
}

test.skipIf(!hasEtcd())('a real etcd keeps the arbiter’s contract (skipped where etcd is not installed)', async () => {
  const { endpoint, kill } = await startEtcd();
  await keepsTheContract([endpoint]);
  const arbiter = new EtcdArbiter({ endpoints: [endpoint], key: KEY });
  await arbiter.read();
  kill('SIGKILL');
  await expect(arbiter.compareAndSet(3, record(4))).rejects.toThrow(ArbiterUnreachableError);
});

describe('an arbiter in etcd', () => {
  test('keeps the arbiter’s contract', async () => {
    const etcd = new FakeEtcd();
    await keepsTheContract([await etcd.endpoint(), await etcd.endpoint()]);
  });

  test('asks the next endpoint when one is away or has no leader, and says which ones', async () => {
    const etcd = new FakeEtcd();
    const leaderless = await etcd.endpoint(() => 'no-leader');
    const endpoints = ['127.0.0.1:1', leaderless];
    const arbiter = new EtcdArbiter({ endpoints: [...endpoints, await etcd.endpoint()], key: KEY });
    expect(await arbiter.compareAndSet(0, record(1))).toEqual({ won: true, generation: 1 });
    const cut = new EtcdArbiter({ endpoints, key: KEY }).read();
    await expect(cut).rejects.toThrow(ArbiterUnreachableError);
    await expect(cut).rejects.toThrow(/127\.0\.0\.1:1: .*ECONNREFUSED.*; .*: etcdserver: no leader/);
  });

  test('knows its own record after an endpoint that did not live to confirm it', async () => {
    const etcd = new FakeEtcd();
    let fault: EtcdFault = 'lost';
    const endpoints = [await etcd.endpoint(() => fault), await etcd.endpoint()];
    const arbiter = new EtcdArbiter({ endpoints, key: KEY });
    expect(await arbiter.compareAndSet(0, record(1))).toEqual({ won: true, generation: 1 });

    const alone = new EtcdArbiter({ endpoints: endpoints.slice(0, 1), key: KEY });
    await expect(alone.compareAndSet(1, record(2))).rejects.toThrow(ArbiterUnreachableError);
    fault = 'none';
    expect(await alone.read()).toEqual({ generation: 2, record: record(2) });
  });

  test('does not believe that a record has gone back', async () => {
    const before = await new FakeEtcd().endpoint();
    let fault: EtcdFault = 'none';
    const store = new FakeEtcd();
    const arbiter = new EtcdArbiter({ endpoints: [await store.endpoint(() => fault), before], key: KEY });
    await arbiter.compareAndSet(0, record(1));
    fault = 'no-leader';
    await expect(arbiter.read()).rejects.toThrow(
      'there is no record at services/kv in etcd, but generation 1 was there',
    );
  });

  test.each([
    ['another service', 200, 'hello', 'does not speak the JSON API of etcd'],
    ['something that knows no such path', 404, '404 page not found', 'etcd refuses the request: HTTP status 404'],
    ['an etcd that wants a user', 401, '{"error":"invalid auth token","code":16}', 'give ETCDCTL_USER=NAME:PASSWORD'],
    ['a key of others', 200, kvs('"{}"'), 'it is not an ft-wasm arbiter record'],
  ])('%s at the address is named as what it is', async (_, status, body, message) => {
    const endpoint = await listen(createServer((_request, response) => void response.writeHead(status).end(body)));
    const read = new EtcdArbiter({ endpoints: [endpoint], key: KEY }).read();
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toThrow(ArbiterError);
    await expect(read).rejects.not.toThrow(ArbiterUnreachableError);
  });

  test('a user’s token is asked for once, and again when it has expired', async () => {
    const seen: (string | undefined)[] = [];
    let tokens = 0;
    const server = createServer((request, response) => {
      if (request.url === '/v3/auth/authenticate') return void response.end(`{"token":"t${++tokens}"}`);
      seen.push(request.headers.authorization);
      if (request.headers.authorization !== 't2')
        response.writeHead(401).end('{"code":16,"error":"invalid auth token"}');
      else response.end('{"header":{}}');
    });
    const credentials = { user: 'ft:secret' };
    const arbiter = new EtcdArbiter({ endpoints: [await listen(server)], key: KEY, credentials });
    expect(await arbiter.read()).toBeUndefined();
    expect(await arbiter.read()).toBeUndefined();
    expect(seen).toEqual(['t1', 't2', 't2']);
  });
});

function kvs(value: string): string {
  const base64 = Buffer.from(value).toString('base64');
  return JSON.stringify({ header: {}, kvs: [{ key: 'a', value: base64, version: '1' }] });
}
