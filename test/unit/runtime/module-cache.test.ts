import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModuleCache } from '../../../src/runtime/node/module-cache.js';

describe('ModuleCache', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'ft-wasm-test-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const cache = (bytesMax = 1000, packageVersion = '1.0.0') =>
    new ModuleCache({ directory: path.join(directory, 'modules'), packageVersion, bytesMax, bytesMin: 10 });
  const bytes = (length: number, value = 7) => new Uint8Array(length).fill(value);
  const files = () => readdirSync(path.join(directory, 'modules')).sort();
  const fileOf = (key: string) => path.join(directory, 'modules', files().find((name) => name.startsWith(key))!);

  it('answers what was stored, also to another process', () => {
    expect(cache().load('key')).toBeUndefined();
    cache().store('key', [bytes(20), bytes(5, 1)]);
    expect(new Uint8Array(cache().load('key')!)).toEqual(Uint8Array.of(...bytes(20), ...bytes(5, 1)));
    expect(files()).toHaveLength(1);
  });

  it('keeps versions of the package apart', () => {
    cache().store('key', [bytes(20)]);
    expect(cache(1000, '2.0.0').load('key')).toBeUndefined();
  });

  it('ignores and removes what was damaged', () => {
    cache().store('key', [bytes(20)]);
    const content = readFileSync(fileOf('key'));
    content[40]! ^= 1;
    writeFileSync(fileOf('key'), content);
    expect(cache().load('key')).toBeUndefined();
    expect(files()).toEqual([]);
  });

  it('ignores a file that was cut', () => {
    cache().store('key', [bytes(200)]);
    writeFileSync(fileOf('key'), readFileSync(fileOf('key')).subarray(0, 9));
    expect(cache().load('key')).toBeUndefined();
  });

  it('removes what was used least recently when there is no room', () => {
    for (const [at, key] of ['first', 'second', 'third'].entries()) {
      cache().store(key, [bytes(250)]);
      utimesSync(fileOf(key), at, at);
    }
    expect(cache().load('first')).toBeDefined();
    cache().store('fourth', [bytes(250)]);
    expect(files().map((name) => name.split('-')[0])).toEqual(['first', 'fourth', 'third']);
  });

  it('keeps nothing that is too small or too large', () => {
    cache(100).store('large', [bytes(200)]);
    new ModuleCache({ directory: path.join(directory, 'modules'), packageVersion: '1.0.0' }).store('small', [
      bytes(200),
    ]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('does without a directory that cannot be used', () => {
    writeFileSync(path.join(directory, 'modules'), 'a file');
    cache().store('key', [bytes(20)]);
    expect(cache().load('key')).toBeUndefined();
    rmSync(path.join(directory, 'modules'));
    mkdirSync(path.join(directory, 'modules'));
    cache().store('key', [bytes(20)]);
    expect(cache().load('key')).toBeDefined();
  });
});
