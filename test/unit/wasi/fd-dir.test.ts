import { describe, expect, it } from 'vitest';
import { ERRNO, FILETYPE, RIGHTS } from '../../../src/wasi/abi.js';
import { sortedNames } from '../../../src/wasi/fs/tree.js';
import { files, ROOT, text } from './files-harness.js';
import { Harness } from './harness.js';

const OUT = 64;
/** U+FF5E comes before U+1F600, although its UTF-16 units come after. */
const ODD_NAMES = ['ä', '\u{1f600}', '\uff5e', 'B', 'a', 'aa', 'Z'];
const SORTED_NAMES = ['B', 'Z', 'a', 'aa', 'ä', '\uff5e', '\u{1f600}'];

describe('fd_readdir', () => {
  it('sorts names by code point, whatever order they came in', () => {
    for (const names of [ODD_NAMES, [...ODD_NAMES].reverse()]) {
      expect(files(names.map((name) => text(name, ''))).list()).toEqual(['.', '..', ...SORTED_NAMES]);
    }
    expect(sortedNames(ODD_NAMES)).toEqual(SORTED_NAMES);
  });

  it('gives inodes, types and cookies', () => {
    const f = files([text('f', ''), { path: 'd', kind: 'dir' }, { path: 'l', kind: 'symlink', target: 'f' }]);
    expect(f.readdir(ROOT, 0n).entries).toEqual([
      { next: 1n, inode: 1, filetype: FILETYPE.DIRECTORY, name: '.' },
      { next: 2n, inode: 1, filetype: FILETYPE.DIRECTORY, name: '..' },
      { next: 3n, inode: 2, filetype: FILETYPE.DIRECTORY, name: 'd' },
      { next: 4n, inode: 3, filetype: FILETYPE.REGULAR_FILE, name: 'f' },
      { next: 5n, inode: 4, filetype: FILETYPE.SYMBOLIC_LINK, name: 'l' },
    ]);
    expect(f.readdir(ROOT, 4n).entries.map(({ name }) => name)).toEqual(['l']);
    expect(f.readdir(ROOT, 5n)).toEqual({ used: 0, entries: [] });
    expect(f.readdir(ROOT, -1n)).toEqual({ used: 0, entries: [] });
  });

  it.each([24, 25, 31, 60, 100])('works through a buffer of %d bytes', (length) => {
    const names = Array.from({ length: 20 }, (_, at) => `n${String(at).padStart(2, '0')}`);
    const f = files(names.map((name) => text(name, '')));
    if (length >= 27) expect(f.list(ROOT, length)).toEqual(['.', '..', ...names]);
    else expect(f.readdir(ROOT, 0n, length).used).toBe(length);
  });

  it('skips nothing when names disappear between two reads', () => {
    const names = Array.from({ length: 9 }, (_, at) => `n${at}`);
    const f = files(names.map((name) => text(name, '')));
    const first = f.readdir(ROOT, 0n, 4 * 27);
    for (const { name } of first.entries.slice(2)) f.unlink(name);
    const rest = f.readdir(ROOT, first.entries.at(-1)!.next).entries.map(({ name }) => name);
    expect([...first.entries.map(({ name }) => name), ...rest]).toEqual(['.', '..', ...names]);
    expect(f.list()).toEqual(['.', '..', ...rest]);
  });

  it('needs a directory, the right and good pointers', () => {
    const f = files([text('f', '')]);
    expect(f.h.call('fd_readdir', f.open('f'), 512, 100, 0n, OUT)).toBe(ERRNO.NOTDIR);
    expect(f.h.call('fd_readdir', 50, 512, 100, 0n, OUT)).toBe(ERRNO.BADF);
    expect(f.h.call('fd_readdir', ROOT, 131071, 100, 0n, OUT)).toBe(ERRNO.FAULT);
    expect(f.h.call('fd_readdir', ROOT, 512, 100, 0n, -1)).toBe(ERRNO.FAULT);
    const blind = f.open('.', { rights: BigInt(RIGHTS.PATH_OPEN) });
    expect(f.h.call('fd_readdir', blind, 512, 100, 0n, OUT)).toBe(ERRNO.NOTCAPABLE);
  });
});

describe('preopened directories', () => {
  const config = {
    listeners: 1,
    preopens: [
      { guest: '/', mode: 'private', entries: [] },
      { guest: '/däta', mode: 'ro', entries: [] },
    ],
  } as const;

  it('follow the listeners, and are found behind them', () => {
    const h = new Harness({ config });
    expect(h.call('fd_prestat_get', 3, OUT)).toBe(ERRNO.SUCCESS);
    expect(h.bytes[OUT]).not.toBe(0);
    for (const [fd, name] of [
      [4, '/'],
      [5, '/däta'],
    ] as const) {
      h.bytes.fill(0xff, OUT, OUT + 8);
      expect(h.call('fd_prestat_get', fd, OUT)).toBe(ERRNO.SUCCESS);
      expect([...h.bytes.subarray(OUT, OUT + 4)]).toEqual([0, 0, 0, 0]);
      const length = h.u32(OUT + 4);
      expect(h.call('fd_prestat_dir_name', fd, 512, length)).toBe(ERRNO.SUCCESS);
      expect(h.text(512, length)).toBe(name);
      expect(h.call('fd_prestat_dir_name', fd, 512, length - 1)).toBe(ERRNO.NAMETOOLONG);
      expect(h.call('fd_prestat_dir_name', fd, -1, length)).toBe(ERRNO.FAULT);
    }
    expect(h.call('fd_prestat_get', 6, OUT)).toBe(ERRNO.BADF);
  });

  it('are no listener when there is none', () => {
    const h = new Harness();
    expect(h.call('fd_prestat_get', 3, OUT)).toBe(ERRNO.BADF);
    expect(h.call('fd_prestat_get', 1, OUT)).toBe(ERRNO.BADF);
    expect(h.call('fd_prestat_dir_name', 3, 512, 10)).toBe(ERRNO.BADF);
  });

  it('can be closed', () => {
    const h = new Harness({ config });
    expect(h.call('fd_close', 4)).toBe(ERRNO.SUCCESS);
    expect(h.call('fd_prestat_get', 4, OUT)).toBe(ERRNO.BADF);
  });
});
