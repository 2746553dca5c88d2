/**
 * The behaviours that the public WASI test suite (WebAssembly/wasi-testsuite, preview1) asks for, on paths: a small case each, written
 * anew. Names in brackets are those of its programs.
 */
import { describe, expect, it } from 'vitest';
import {
  ERRNO,
  FDFLAGS,
  FILETYPE,
  FSTFLAGS,
  LOOKUP_SYMLINK_FOLLOW,
  OFLAGS,
  RIGHTS,
  WHENCE,
} from '../../src/wasi/abi.js';
import { ROOT } from '../unit/wasi/files-harness.js';
import { MODES, rightsOf } from './modes.js';

const OUT = 64;
const DIRECTORY = { oflags: OFLAGS.DIRECTORY };
const NO_RIGHTS = { rights: 0n };
const READ_WRITE = { rights: BigInt(RIGHTS.FD_READ | RIGHTS.FD_WRITE) };

describe.each(MODES)('in a %s directory', (_mode, make) => {
  it('a path may wind, as long as it stays inside (interesting_paths)', () => {
    const f = make();
    f.mkdir('dir');
    f.mkdir('dir/nested');
    f.create('dir/nested/file', 'x');
    expect(f.open('dir/.//nested/../../dir/nested/../nested///./file', NO_RIGHTS)).toBeGreaterThan(ROOT);
    expect(f.open('dir/nested///', NO_RIGHTS)).toBeGreaterThan(ROOT);
    expect(f.open('/dir/nested/file')).toBe(-ERRNO.PERM);
    expect(f.open('dir/nested/../../../dir/nested/file')).toBe(-ERRNO.PERM);
    expect(f.open('dir/nested/file\0')).toBe(-ERRNO.INVAL);
    expect(f.open('dir/nested/file///')).toBe(-ERRNO.NOTDIR);
  });

  it('a preopened directory has all rights of directories and opens itself again (path_open_preopen, path_open_nonblock)', () => {
    const f = make();
    const [base, inheriting] = rightsOf(f, ROOT);
    expect(base & RIGHTS.FD_WRITE).toBe(0);
    expect(base & inheriting).toBe(base);
    expect(inheriting & (RIGHTS.FD_READ | RIGHTS.FD_WRITE)).toBe(RIGHTS.FD_READ | RIGHTS.FD_WRITE);
    expect(f.open('.', { rights: BigInt(base) })).toBeGreaterThan(ROOT);
    expect(f.open('.', { ...DIRECTORY, rights: BigInt(RIGHTS.FD_READ) })).toBeGreaterThan(ROOT);
    expect(f.open('.', { ...DIRECTORY, ...READ_WRITE })).toBe(-ERRNO.ISDIR);
    expect(f.open('.', { ...NO_RIGHTS, fdflags: FDFLAGS.NONBLOCK })).toBeGreaterThan(ROOT);
  });

  it('symbolic links are not followed unless asked (nofollow_errors, dangling_symlink)', () => {
    const f = make();
    const none = { ...NO_RIGHTS, follow: false };
    f.symlink('target', 'symlink');
    expect(f.open('symlink', { ...DIRECTORY, ...none })).toBe(-ERRNO.LOOP);
    expect(f.open('symlink', none)).toBe(-ERRNO.LOOP);
    expect(f.open('symlink', { ...NO_RIGHTS })).toBe(-ERRNO.NOENT);
    f.mkdir('target');
    expect(f.open('symlink', none)).toBe(-ERRNO.LOOP);
    expect(f.open('symlink', { ...DIRECTORY, ...NO_RIGHTS })).toBeGreaterThan(ROOT);
    f.rmdir('target');
    f.create('target');
    expect(f.open('symlink', { ...DIRECTORY, ...none })).toBe(-ERRNO.LOOP);
    expect(f.open('symlink', { ...DIRECTORY, ...NO_RIGHTS })).toBe(-ERRNO.NOTDIR);
    expect(f.open('symlink', NO_RIGHTS)).toBeGreaterThan(ROOT);
  });

  it('links leave room and untouched bytes behind what they say (readlink)', () => {
    const f = make();
    f.symlink('target', 'symlink');
    const buffer = f.h.alloc(10);
    expect(f.h.call('path_readlink', ROOT, ...f.h.put('symlink'), buffer, 10, OUT)).toBe(0);
    expect(f.h.u32(OUT)).toBe(6);
    expect(f.h.text(buffer, 10)).toBe('target\0\0\0\0');
    expect(f.readlink('symlink', 4)).toBe('targ');
  });

  it('a new link leads to what it names (symlink_create)', () => {
    const f = make();
    f.create('file', 'content');
    f.symlink('file', 'to file');
    expect(f.read(f.open('to file', READ_WRITE))).toBe('content');
    f.mkdir('dir');
    f.symlink('dir', 'to dir');
    expect(f.open('to dir', { ...DIRECTORY, ...NO_RIGHTS })).toBeGreaterThan(ROOT);
    expect(f.symlink('', 'to nothing')).toBe(ERRNO.NOENT);
  });

  it('a file is emptied as it is opened (file_truncation, fopen-with-access)', () => {
    const f = make();
    const fd = f.create('file', 'content');
    const emptied = f.open('file', { ...READ_WRITE, oflags: OFLAGS.CREAT | OFLAGS.TRUNC });
    expect(f.read(emptied)).toBe('');
    expect(f.seek(fd, 0n, WHENCE.END)).toBe(0n);
  });

  it('a loop of links is never opened (symlink_loop)', () => {
    const f = make();
    f.symlink('loop2', 'loop1');
    f.symlink('loop1', 'loop2');
    expect(f.open('loop1')).toBe(-ERRNO.LOOP);
    expect(f.open('loop1', { follow: false })).toBe(-ERRNO.LOOP);
  });

  it('links are made under names that are free (path_symlink_trailing_slashes)', () => {
    const f = make();
    expect(f.symlink('source', 'target/')).toBe(ERRNO.NOENT);
    expect(f.symlink('source', 'target')).toBe(0);
    f.unlink('target');
    f.mkdir('target');
    expect([f.symlink('source', 'target/'), f.symlink('source', 'target')]).toEqual([ERRNO.EXIST, ERRNO.EXIST]);
    f.rmdir('target');
    f.create('target');
    expect([ERRNO.NOTDIR, ERRNO.EXIST]).toContain(f.symlink('source', 'target/'));
    expect(f.symlink('source', 'target')).toBe(ERRNO.EXIST);
  });

  it('hard links are the same file (path_link)', () => {
    const f = make();
    const fd = f.create('file', 'x');
    f.mkdir('subdir');
    expect(f.link('file', 'link')).toBe(0);
    expect(f.link('file', 'subdir/link')).toBe(0);
    expect(f.stat('subdir/link')).toEqual(f.fdStat(fd));
    expect(f.link('file', 'link')).toBe(ERRNO.EXIST);
    expect(f.link('file', 'file')).toBe(ERRNO.EXIST);
    expect(f.link('file', 'subdir')).toBe(ERRNO.EXIST);
    expect(f.link('subdir', 'other')).toBe(ERRNO.PERM);
    expect(f.link('file', 'other/')).toBe(ERRNO.NOENT);
    f.symlink('nowhere', 'symlink');
    expect(f.link('symlink', 'copy')).toBe(0);
    expect(f.readlink('copy')).toBe('nowhere');
    expect(f.link('file', 'symlink')).toBe(ERRNO.EXIST);
    expect(f.link('symlink', 'more', LOOKUP_SYMLINK_FOLLOW)).toBe(ERRNO.INVAL);
  });

  it('renames replace what they may (path_rename)', () => {
    const f = make();
    f.mkdir('source');
    expect(f.rename('source', 'target')).toBe(0);
    expect(f.open('source', DIRECTORY)).toBe(-ERRNO.NOENT);
    f.mkdir('source');
    expect(f.rename('source', 'target')).toBe(0);
    f.mkdir('source');
    f.create('target/file');
    expect(f.rename('source', 'target')).toBe(ERRNO.NOTEMPTY);
    expect(f.rename('source', 'target/file')).toBe(ERRNO.NOTDIR);
    f.create('a', 'A');
    f.create('b', 'B');
    expect(f.rename('a', 'b')).toBe(0);
    expect(f.content('b')).toBe('A');
    expect(f.rename('b', 'source')).toBe(ERRNO.ISDIR);
  });

  it('directories are renamed with slashes behind them (path_rename_dir_trailing_slashes)', () => {
    const f = make();
    f.mkdir('source');
    expect([f.rename('source/', 'target'), f.rename('target', 'source/')]).toEqual([0, 0]);
    expect([f.rename('source/', 'target/'), f.rename('target', 'source')]).toEqual([0, 0]);
  });

  it('what is removed is of the right kind (unlink_file_, remove_directory_trailing_slashes, remove_nonempty_directory)', () => {
    const f = make();
    f.mkdir('dir');
    expect([f.unlink('dir'), f.unlink('dir/')]).toEqual([ERRNO.ISDIR, ERRNO.ISDIR]);
    f.mkdir('dir/nested');
    expect(f.rmdir('dir')).toBe(ERRNO.NOTEMPTY);
    expect([f.rmdir('dir/nested/'), f.rmdir('dir')]).toEqual([0, 0]);
    f.create('file');
    expect([f.rmdir('file'), f.rmdir('file/')]).toEqual([ERRNO.NOTDIR, ERRNO.NOTDIR]);
    expect([f.unlink('file/'), f.unlink('file')]).toEqual([ERRNO.NOTDIR, 0]);
  });

  it('times are set one by one, on links or what they lead to (symlink_filestat, fd_filestat_set, fstflags_validate)', () => {
    const f = make();
    f.create('file');
    f.symlink('file', 'symlink');
    const second = 1_000_000_000n;
    const set = (lookup: number, mtim: bigint, flags: number = FSTFLAGS.MTIM) =>
      f.h.call('path_filestat_set_times', ROOT, lookup, ...f.h.put('symlink'), 0n, mtim, flags);
    const untouched = f.stat('file');
    expect(set(0, second)).toBe(0);
    expect(f.stat('symlink', false)).toMatchObject({ mtim: second, filetype: FILETYPE.SYMBOLIC_LINK, size: 4 });
    expect(f.stat('file')).toEqual(untouched);
    expect(set(LOOKUP_SYMLINK_FOLLOW, 2n * second)).toBe(0);
    expect(f.stat('symlink')).toMatchObject({ mtim: 2n * second, filetype: FILETYPE.REGULAR_FILE });
    expect(set(0, second, FSTFLAGS.MTIM | FSTFLAGS.MTIM_NOW)).toBe(ERRNO.INVAL);
    expect(set(0, second, FSTFLAGS.ATIM | FSTFLAGS.ATIM_NOW)).toBe(ERRNO.INVAL);
    expect(set(0, second, 16)).toBe(ERRNO.INVAL);
  });

  it('names tell their types, followed or not (path_exists)', () => {
    const f = make();
    f.mkdir('subdir');
    f.create('subdir/file');
    f.symlink('subdir/file', 'link1');
    f.symlink('subdir', 'link2');
    const types = (name: string) =>
      [false, true].map((follow) => (f.stat(name, follow) as { filetype: number }).filetype);
    expect(types('subdir')).toEqual([FILETYPE.DIRECTORY, FILETYPE.DIRECTORY]);
    expect(types('link1')).toEqual([FILETYPE.SYMBOLIC_LINK, FILETYPE.REGULAR_FILE]);
    expect(types('link2')).toEqual([FILETYPE.SYMBOLIC_LINK, FILETYPE.DIRECTORY]);
  });

  it('a path that starts at a file fails (path_open_dirfd_not_dir, path_open_missing, path_open_create_existing)', () => {
    const f = make();
    const fd = f.create('file');
    expect(f.open('foo', { oflags: OFLAGS.CREAT }, fd)).toBe(-ERRNO.NOTDIR);
    expect(f.open('missing')).toBe(-ERRNO.NOENT);
    expect(f.open('file', { oflags: OFLAGS.CREAT | OFLAGS.EXCL })).toBe(-ERRNO.EXIST);
  });

  it('inodes in listings are those of files, and differ (fd_readdir, fdopendir-with-access, stat-dev-ino)', () => {
    const f = make();
    f.mkdir('d');
    for (const name of ['d/file-0', 'd/file-1']) f.create(name);
    const d = f.open('d', DIRECTORY);
    const { entries } = f.readdir(d, 0n);
    const statOf = (name: string) => f.stat(`d/${name}`) as { inode: number };
    expect(entries.map(({ name }) => name)).toEqual(['.', '..', 'file-0', 'file-1']);
    for (const { name, inode } of entries.filter(({ name }) => name !== '..')) expect(statOf(name).inode).toBe(inode);
    expect(new Set(entries.map(({ inode }) => inode)).size).toBe(4);
    expect(f.readdir(d, entries[2]!.next).entries.map(({ name }) => name)).toEqual(['file-1']);
  });

  it('a thousand names are listed by a small buffer (fd_readdir)', () => {
    const f = make();
    f.mkdir('d');
    const names = Array.from({ length: 1000 }, (_, index) => `file.${index}`);
    for (const name of names) f.h.call('fd_close', f.create(`d/${name}`));
    expect(f.list(f.open('d', DIRECTORY), 256)).toEqual(['.', '..', ...names.sort()]);
  });
});
