/** Snapshots of recordings: written, gone on from, replayed from, refused. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, command } from '../support/command.js';
import { temporaryFolder } from '../support/modules.js';

const COMPRESS = 'guests/compress/compress.wasm';
const SQLITE = 'guests/sqlite/sqlite.wasm';
const LUA = 'guests/lua/lua.wasm';
const LOOP = 'local n = 0 for i = 1, 6000000 do n = n + i % 7 end print(n, os.time() > 0)';

type Stats = Readonly<Record<string, unknown>>;
const folder = temporaryFolder();
const file = (name: string) => path.join(folder, name);

async function withStats(...args: string[]): Promise<{ result: CommandResult; stats: Stats }> {
  const [name, ...rest] = args;
  const result = await command([name!, '--stats', file('stats.json'), ...rest]);
  if (result.code !== 0) return { result, stats: {} };
  const { wallMs, logBytes, ...stats } = JSON.parse(readFileSync(file('stats.json'), 'utf8')) as Stats;
  return { result, stats };
}

let whole: { result: CommandResult; stats: Stats };
let counters: number;

beforeAll(async () => {
  const flags = ['--dir', `guests/lua::/data`, SQLITE, '/data/a.db', '300'];
  const recorded = await command(['record', '-o', file('a.rec'), ...flags]);
  expect(recorded.code).toBe(0);
  whole = await withStats('replay', file('a.rec'));
  counters = whole.stats['instructions'] as number;
});

describe('a snapshot of a recording', () => {
  it.each([
    [0.1, 'compiled'],
    [0.5, 'compiled'],
    [0.97, 'compiled'],
    [0.6, 'interpreter'],
  ])('at %d of it is gone on from as the recording did (%s)', async (part, engine) => {
    const snap = file(`${part}.snap`);
    const at = Math.round(counters * part);
    const taken = await command([
      'snapshot',
      file('a.rec'),
      '--at',
      `+${at}`,
      '--engine',
      engine,
      '--json',
      '-o',
      snap,
    ]);
    expect(taken.stderr).toBe('');
    const place = JSON.parse(taken.stdout) as { counter: number; event: number; bytes: number };
    expect(place.counter).toBeGreaterThanOrEqual(at);
    expect(place.counter).toBeLessThan(counters);
    expect(place.bytes).toBe(readFileSync(snap).length);
    for (const other of ['compiled', 'interpreter']) {
      const rest = await withStats('replay', '--from', snap, '--engine', other, file('a.rec'));
      expect(rest.stats).toEqual(whole.stats);
      expect(whole.result.stdout.endsWith(rest.result.stdout)).toBe(true);
    }
  });

  it('lives on with the files that it had', async () => {
    const at = String(Math.round(counters * 0.7));
    const taken = await command(['snapshot', file('a.rec'), '--at', at, '-o', file('live.snap')]);
    expect(taken.code).toBe(0);
    const live = await withStats('resume', file('live.snap'), SQLITE);
    expect(live.result.stderr).toBe('');
    // The time that it prints is another one.
    expect(live.result.stdout.split('\n').length).toBeGreaterThan(1);
    expect(live.stats).toMatchObject({ outcome: whole.stats['outcome'], entries: whole.stats['entries'] });
  });

  it('leaves no file behind when the guest ends before', async () => {
    const result = await command(['snapshot', file('a.rec'), '--at', '+1000000000000', '-o', file('x.snap')]);
    expect(result.stderr).toMatch(/the guest ended before counter 1000000000000: it .*\[FTW_SNAPSHOT\]/);
    expect(result.code).toBe(78);
    expect(readdirSync(folder).filter((name) => name.startsWith('x.snap'))).toEqual([]);
  });
});

describe('a recording with snapshots', () => {
  it('is replayed until near its end from the nearest one', async () => {
    // Long enough for some snapshots, on a busy machine as well.
    const loop = LOOP.replace('6000000', '40000000');
    const recorded = await command(['record', '--snapshot-every', '1', '-o', file('b.rec'), LUA], loop);
    expect(recorded.stderr).toBe('');
    const all = await withStats('replay', file('b.rec'));
    expect(all.result.stdout).toBe(recorded.stdout);
    const until = String(Math.round((all.stats['instructions'] as number) * 0.99));
    const near = await withStats('replay', '--until', until, file('b.rec'));
    expect(near.result.stderr).toMatch(/begins at the recording's snapshot of counter \d+/);
    const from = await withStats('replay', '--until', until, '--from', 'start', file('b.rec'));
    expect(from.result.stderr).not.toMatch(/begins at/);
    expect(near.stats).toEqual(from.stats);
  });
});

describe('what cannot be', () => {
  beforeAll(async () => {
    await command(['snapshot', file('a.rec'), '--at', '1000000', '-o', file('good.snap')]);
  });

  it.each<[string, () => string[], number, RegExp]>([
    ['a foreign module', () => ['resume', file('good.snap'), COMPRESS], 78, /module: [0-9a-f]{64} in the snapshot/],
    [
      'no snapshot',
      () => ['resume', 'package.json', SQLITE],
      78,
      /package\.json: this is no snapshot of ft-wasm \[FTW_SNAPSHOT\]/,
    ],
    ['no file', () => ['resume', file('none'), SQLITE], 78, /there is no such file \[FTW_IO\]/],
    [
      'another recording',
      () => ['replay', file('b.rec'), '--from', file('good.snap')],
      78,
      /cannot be restored here: .*directories/,
    ],
    [
      'a place before it',
      () => ['replay', file('a.rec'), '--from', file('good.snap'), '--until', '10'],
      70,
      /which is not before 10/,
    ],
    [
      'a full disk',
      () => ['snapshot', file('a.rec'), '--at', '1000000', '-o', '/dev/full'],
      78,
      /cannot be written: .*ENOSPC/,
    ],
    ['no folder', () => ['snapshot', file('a.rec'), '-o', file('none/x')], 78, /cannot be written/],
    [
      'an interval without a unit',
      () => ['record', '--snapshot-every', 'often', '-o', file('y'), LUA],
      70,
      /--snapshot-every 'often'/,
    ],
  ])('%s is refused in one line', async (_name, args, code, message) => {
    const result = await command(args());
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    expect(result.code).toBe(code);
  });

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['cut off', (bytes) => bytes.subarray(0, bytes.length - 20), /before its end chunk/],
    [
      'changed',
      (bytes) => Buffer.concat([bytes.subarray(0, 3000), Buffer.from('!'), bytes.subarray(3001)]),
      /chunk \d+ of the snapshot is damaged/,
    ],
    [
      'newer',
      (bytes) => Buffer.concat([bytes.subarray(0, 8), Buffer.from([9]), bytes.subarray(9)]),
      /format version 9.*written by a newer ft-wasm/,
    ],
  ])('a snapshot that is %s is refused in one line', async (name, damage, message) => {
    writeFileSync(file(name), damage(readFileSync(file('good.snap'))));
    const result = await command(['resume', file(name), SQLITE]);
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    expect(result.code).toBe(78);
  });
});
