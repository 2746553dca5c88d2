import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeClock } from '../../../src/host/node/clock.js';
import { nodeEntropy } from '../../../src/host/node/entropy.js';
import { loadTree } from '../../../src/host/node/load-tree.js';
import { NodeInput } from '../../../src/host/node/stdin.js';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'ftw-host-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const at = (name: string) => path.join(directory, name);

describe('loadTree', () => {
  it('describes files, directories and links, sorted', async () => {
    mkdirSync(at('z/empty'), { recursive: true });
    writeFileSync(at('z/file'), 'content');
    writeFileSync(at('a'), Uint8Array.of(0, 255));
    symlinkSync('../a', at('z/link'));
    expect(await loadTree(directory)).toEqual([
      { path: 'a', kind: 'file', bytes: Uint8Array.of(0, 255) },
      { path: 'z', kind: 'dir' },
      { path: 'z/empty', kind: 'dir' },
      { path: 'z/file', kind: 'file', bytes: new TextEncoder().encode('content') },
      { path: 'z/link', kind: 'symlink', target: '../a' },
    ]);
  });

  it('does not follow links in circles', async () => {
    symlinkSync('.', at('self'));
    expect(await loadTree(directory)).toEqual([{ path: 'self', kind: 'symlink', target: '.' }]);
  });

  it('names what cannot be read', async () => {
    await expect(loadTree(at('missing'))).rejects.toMatchObject({ code: 'FTW_IO', details: { code: 'ENOENT' } });
    await expect(loadTree(at('missing'))).rejects.toThrow(at('missing'));
    writeFileSync(at('plain'), '');
    await expect(loadTree(at('plain'))).rejects.toMatchObject({ code: 'FTW_IO', details: { code: 'ENOTDIR' } });
  });

  it.skipIf(process.getuid?.() === 0)(
    'names a file without permission (skipped for root, who may read all)',
    async () => {
      writeFileSync(at('secret'), 'x');
      chmodSync(at('secret'), 0);
      await expect(loadTree(directory)).rejects.toThrow('secret');
    },
  );
});

describe('the real clock', () => {
  it('counts nanoseconds', () => {
    const first = nodeClock.monotonicNs();
    expect(nodeClock.monotonicNs()).toBeGreaterThanOrEqual(first);
    const realtime = nodeClock.realtimeNs();
    expect(realtime / 1_000_000_000n).toBeGreaterThan(1_600_000_000n);
  });
});

describe('the real entropy', () => {
  it('gives bytes of its own', () => {
    const [first, second] = [nodeEntropy.bytes(32), nodeEntropy.bytes(32)];
    expect(first).toHaveLength(32);
    expect(first).not.toEqual(second);
    expect(first.buffer.byteLength).toBe(32);
  });
});

describe('standard input', () => {
  it('is read to its end', () => {
    writeFileSync(at('input'), 'hello');
    const fd = openSync(at('input'), 'r');
    const input = new NodeInput(fd);
    const text = (max: number) => new TextDecoder().decode(input.read(max));
    expect([text(3), text(10), text(10)]).toEqual(['hel', 'lo', '']);
    closeSync(fd);
  });

  it('reports a descriptor that cannot be read', () => {
    const fd = openSync(directory, 'r');
    expect(() => new NodeInput(fd).read(1)).toThrow('standard input cannot be read');
    closeSync(fd);
  });
});
