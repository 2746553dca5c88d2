import { chmod, link, mkdir, mkdtemp, readdir, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ArbiterUnreachableError } from '../../../src/arbiter/arbiter.js';
import { FileArbiter } from '../../../src/arbiter/node/file.js';
import { arbiterError } from '../../../src/arbiter/node/file-errors.js';
import { openArbiter } from '../../../src/arbiter/node/open.js';
import { ArbiterError, FtWasmError } from '../../../src/errors.js';
import { arbiterContract, record } from './contract.js';

let root: string;
let names = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ftw-arbiter-'));
});
afterAll(() => rm(root, { recursive: true }));

function freshPath(): string {
  return join(root, `svc${names++}`);
}

async function freshDirectory(): Promise<string> {
  const directory = freshPath();
  await mkdir(directory);
  return directory;
}

arbiterContract('FileArbiter', () => {
  const path = freshPath();
  return () => new FileArbiter(path);
});

describe('the directory', () => {
  test('two names in one directory do not disturb each other', async () => {
    const directory = await freshDirectory();
    await new FileArbiter(join(directory, 'kv')).compareAndSet(0, record(1));
    expect(await new FileArbiter(join(directory, 'kv.2')).read()).toBeUndefined();
    expect(await new FileArbiter(join(directory, 'k')).read()).toBeUndefined();
  });

  test('old generations are pruned, foreign and temporary files stay and do not count', async () => {
    const directory = await freshDirectory();
    const foreign = ['kv.tmp-dead', 'kv.007', 'kv.1e9', 'kv.99x', 'kv.', 'other.12'];
    for (const name of foreign) await writeFile(join(directory, name), 'not a record');
    const arbiter = new FileArbiter(join(directory, 'kv'));
    for (let epoch = 1; epoch <= 20; epoch++) await arbiter.compareAndSet(epoch - 1, record(epoch));
    const kept = Array.from({ length: 8 }, (_, index) => `kv.${index + 13}`);
    expect((await readdir(directory)).sort()).toEqual([...kept, ...foreign].sort());
    expect((await arbiter.read())?.generation).toBe(20);
  });

  test('a generation that somebody removed cannot be won again', async () => {
    const directory = await freshDirectory();
    const arbiter = new FileArbiter(join(directory, 'kv'));
    for (let epoch = 1; epoch <= 3; epoch++) await arbiter.compareAndSet(epoch - 1, record(epoch));
    await unlink(join(directory, 'kv.2'));
    const current = { generation: 3, record: record(3) };
    expect(await new FileArbiter(join(directory, 'kv')).compareAndSet(1, record(2, 'b'))).toEqual({
      won: false,
      current,
    });
  });

  test('records that were seen and are gone mean "away", not "no record"', async () => {
    const directory = await freshDirectory();
    const arbiter = new FileArbiter(join(directory, 'kv'));
    await arbiter.compareAndSet(0, record(1));
    await unlink(join(directory, 'kv.1'));
    await expect(arbiter.read()).rejects.toThrow(ArbiterUnreachableError);
    await expect(arbiter.compareAndSet(1, record(2))).rejects.toThrow(/generation 1 of kv was there before/);
    expect(await new FileArbiter(join(directory, 'kv')).read()).toBeUndefined();
  });
});

describe('a record that was prepared', () => {
  /** What is prepared is written behind the caller's back. */
  async function untilThereAre(directory: string, ...names: RegExp[]): Promise<string[]> {
    return await vi.waitUntil(async () => {
      const found = (await readdir(directory)).sort();
      return found.length === names.length && names.every((name, i) => name.test(found[i])) && found;
    });
  }

  test('is written ahead, changes nothing, and becomes the record', async () => {
    const directory = await freshDirectory();
    const arbiter = new FileArbiter(join(directory, 'kv'));
    await arbiter.compareAndSet(0, record(1));
    arbiter.prepare(record(2, 'b'));
    arbiter.prepare(record(2, 'b'));
    await untilThereAre(directory, /^kv\.1$/, /^kv\.next-2-/);
    expect(await arbiter.read()).toEqual({ generation: 1, record: record(1) });
    expect(await arbiter.compareAndSet(1, record(2, 'b'))).toEqual({ won: true, generation: 2 });
    expect(await new FileArbiter(join(directory, 'kv')).read()).toEqual({ generation: 2, record: record(2, 'b') });
    expect(await readdir(directory)).toEqual(['kv.1', 'kv.2']);
  });

  test('takes the place of what was prepared before, and of nothing else', async () => {
    const directory = await freshDirectory();
    const arbiter = new FileArbiter(join(directory, 'kv'));
    arbiter.prepare(record(1, 'b'));
    arbiter.prepare(record(5, 'b'));
    await untilThereAre(directory, /^kv\.next-5-/);
    expect(await arbiter.compareAndSet(0, record(1, 'c'))).toEqual({ won: true, generation: 1 });
    expect((await arbiter.read())?.record).toEqual(record(1, 'c'));
    expect(await readdir(directory)).toEqual(['kv.1', expect.stringMatching(/^kv\.next-5-/)]);
  });

  test('loses like any other', async () => {
    const directory = await freshDirectory();
    const arbiter = new FileArbiter(join(directory, 'kv'));
    arbiter.prepare(record(1, 'b'));
    await new FileArbiter(join(directory, 'kv')).compareAndSet(0, record(1));
    const current = { generation: 1, record: record(1) };
    expect(await arbiter.compareAndSet(0, record(1, 'b'))).toEqual({ won: false, current });
    expect(await readdir(directory)).toEqual(['kv.1']);
  });

  test('may have been removed by somebody', async () => {
    const directory = await freshDirectory();
    const arbiter = new FileArbiter(join(directory, 'kv'));
    arbiter.prepare(record(1, 'b'));
    const [prepared] = await untilThereAre(directory, /^kv\.next-1-/);
    await vi.waitUntil(async () => (await stat(join(directory, prepared))).size > 0);
    await unlink(join(directory, prepared));
    expect(await arbiter.compareAndSet(0, record(1, 'b'))).toEqual({ won: true, generation: 1 });
    expect(await readdir(directory)).toEqual(['kv.1']);
  });

  test('for an epoch that is won by now is removed, whoever has left it', async () => {
    const directory = await freshDirectory();
    for (const name of ['kv.next-1-dead', 'kv.next-2-dead', 'kv.next-x', 'other.next-1-dead']) {
      await writeFile(join(directory, name), '');
    }
    await new FileArbiter(join(directory, 'kv')).compareAndSet(0, record(1));
    expect((await readdir(directory)).sort()).toEqual(['kv.1', 'kv.next-2-dead', 'kv.next-x', 'other.next-1-dead']);
  });
});

describe('an ambiguous link', () => {
  const carriedOut = (code: string): typeof link =>
    async function linkThenFail(from, to) {
      await link(from, to);
      throw Object.assign(new Error(`${code}: made up`), { code });
    };

  test.each(['EEXIST', 'EIO'])('%s after the link was made counts as won', async (code) => {
    const path = freshPath();
    const arbiter = new FileArbiter(path, carriedOut(code));
    expect(await arbiter.compareAndSet(0, record(1))).toEqual({ won: true, generation: 1 });
    expect(await new FileArbiter(path).read()).toEqual({ generation: 1, record: record(1) });
  });

  test('EIO without a link is reported as unreachable, and nothing is left behind', async () => {
    const directory = await freshDirectory();
    const failing: typeof link = () => Promise.reject(Object.assign(new Error('EIO: made up'), { code: 'EIO' }));
    const arbiter = new FileArbiter(join(directory, 'kv'), failing);
    await expect(arbiter.compareAndSet(0, record(1))).rejects.toThrow(ArbiterUnreachableError);
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('what cannot be used', () => {
  test('a missing directory', async () => {
    const arbiter = new FileArbiter(join(root, 'missing', 'kv'));
    await expect(arbiter.read()).rejects.toThrow(/missing: the directory does not exist; create it first/);
    await expect(arbiter.read()).rejects.not.toThrow(ArbiterUnreachableError);
  });

  test('a file instead of a directory', async () => {
    const path = freshPath();
    await writeFile(path, '');
    await expect(new FileArbiter(join(path, 'kv')).read()).rejects.toThrow(/it is not a directory/);
  });

  test.skipIf(process.getuid?.() === 0)(
    'a read-only directory, found at the first read (not as root, who may write anywhere)',
    async () => {
      const directory = await freshDirectory();
      await chmod(directory, 0o555);
      await expect(new FileArbiter(join(directory, 'kv')).read()).rejects.toThrow(/permission denied/);
    },
  );

  test.each([
    ['empty', '', 'not JSON'],
    ['torn', '{"format":"ft-wasm arb', 'not JSON'],
    ['foreign', '{"a":1}', 'not an ft-wasm arbiter record'],
    ['newer', '{"format":"ft-wasm arbiter record","version":2}', 'version is 2, this release reads version 1'],
    ['incomplete', '{"format":"ft-wasm arbiter record","version":1,"nonce":"n","record":{"epoch":1}}', 'fields are'],
  ])('a damaged record: %s', async (_, text, message) => {
    const path = freshPath();
    await writeFile(`${path}.1`, text);
    const error = await new FileArbiter(path).read().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ArbiterError);
    expect(error).not.toBeInstanceOf(ArbiterUnreachableError);
    expect((error as Error).message).toContain(`${path}.1`);
    expect((error as Error).message).toContain(message);
  });

  test.each(['EROFS', 'EACCES', 'EPERM', 'ENOENT'])('%s needs somebody to act', (code) => {
    const error = arbiterError('write', '/mnt/shared', Object.assign(new Error(code), { code }));
    expect(error).not.toBeInstanceOf(ArbiterUnreachableError);
    expect(error.message).toContain('/mnt/shared');
  });

  test.each(['EIO', 'ESTALE', 'ETIMEDOUT', 'ENOSPC', 'EBUSY'])('%s may pass', (code) => {
    const error = arbiterError('write', '/mnt/shared', Object.assign(new Error(code), { code }));
    expect(error).toBeInstanceOf(ArbiterUnreachableError);
  });
});

describe('openArbiter', () => {
  test.each(['file:DIR', 'file://DIR'])('%s/NAME', async (form) => {
    const directory = await freshDirectory();
    await openArbiter(`${form.replace('DIR', directory)}/kv`).compareAndSet(0, record(1));
    expect(await readdir(directory)).toEqual(['kv.1']);
  });

  test.each([
    ['/var/lib/x', /has no scheme.*file:DIR\/NAME/],
    ['zk://host/key', /unknown arbiter scheme "zk".*file:DIR\/NAME/],
    ['etcd://host/key', /has the address "host".*etcd:\/\/HOST:PORT/],
    ['etcd://a:2379,:1/key', /has the address ":1"/],
    ['etcds://a:2379', /names no cluster or no key/],
    ['file:', /names no record/],
    ['file:/var/lib/', /names no record/],
    ['file:/var/lib/..', /names no record/],
    ['file://host/share/kv', /names a host/],
  ])('refuses %s', (url, message) => {
    expect(() => openArbiter(url)).toThrow(FtWasmError);
    expect(() => openArbiter(url)).toThrow(message);
  });
});
