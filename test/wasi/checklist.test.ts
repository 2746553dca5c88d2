/**
 * The behaviours that the public WASI test suite (WebAssembly/wasi-testsuite, preview1) asks for, a small case each, written
 * anew. Names in brackets are those of its programs. Directories behave alike whether they are private or shared.
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
import { type Files, files, ROOT } from '../unit/wasi/files-harness.js';
import { sharedGuest, storage } from '../unit/wasi/shared-harness.js';

const OUT = 64;
const DIRECTORY = { oflags: OFLAGS.DIRECTORY };
const NO_RIGHTS = { rights: 0n };
const READ_WRITE = { rights: BigInt(RIGHTS.FD_READ | RIGHTS.FD_WRITE) };

const MODES: readonly (readonly [mode: string, make: () => Files])[] = [
  ['private', () => files()],
  ['shared', () => sharedGuest(storage()).files],
];

/** Rights of a descriptor: its own, and those it hands on. */
function rightsOf({ h }: Files, fd: number): [number, number] {
  expect(h.call('fd_fdstat_get', fd, OUT)).toBe(0);
  return [Number(h.u64(OUT + 8)), Number(h.u64(OUT + 16))];
}

function flagsOf({ h }: Files, fd: number): number {
  expect(h.call('fd_fdstat_get', fd, OUT)).toBe(0);
  return h.u16(OUT + 2);
}

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

  it('a number is given again after a close, also to a directory (dangling_fd)', () => {
    const f = make();
    const fd = f.open('file', { oflags: OFLAGS.CREAT, ...NO_RIGHTS });
    f.h.call('fd_close', fd);
    expect(f.open('file', NO_RIGHTS)).toBe(fd);
    f.h.call('fd_close', fd);
    f.mkdir('subdir');
    expect(f.open('subdir', { ...DIRECTORY, ...NO_RIGHTS })).toBe(fd);
  });

  it('calls for files fail on a directory (dir_fd_op_failures, directory_seek)', () => {
    const f = make();
    f.mkdir('d');
    const d = f.open('d', { ...DIRECTORY, rights: BigInt(RIGHTS.FD_SEEK) });
    expect(rightsOf(f, d)[0] & RIGHTS.FD_SEEK).toBe(0);
    for (const fd of [ROOT, d]) {
      const source = f.h.source('x');
      expect([f.read(fd), f.pread(fd, 0n), f.write(fd, 'x'), f.pwrite(fd, 'x', 0n)]).toEqual(
        Array(4).fill(-ERRNO.BADF),
      );
      expect([0, 1, 2].map((whence) => f.seek(fd, 0n, whence))).toEqual(Array(3).fill(BigInt(-ERRNO.BADF)));
      expect(f.h.call('fd_tell', fd, OUT)).toBe(ERRNO.BADF);
      expect(f.h.call('fd_allocate', fd, 0n, 1n)).toBe(ERRNO.BADF);
      expect(f.h.call('fd_filestat_set_size', fd, 0n)).toBe(ERRNO.BADF);
      expect(f.h.call('sock_send', fd, ...source, 0, OUT)).toBe(ERRNO.NOTSOCK);
    }
  });

  it('the name of a preopened directory fits exactly, or more (dir_fd_op_failures)', () => {
    const { h } = make();
    expect(h.call('fd_prestat_dir_name', ROOT, OUT, 0)).toBe(ERRNO.NAMETOOLONG);
    expect(h.call('fd_prestat_dir_name', ROOT, OUT, 6)).toBe(0);
    expect(h.text(OUT, 5)).toBe('/data');
  });

  it('a preopened directory has all rights of directories and opens itself again (path_open_preopen)', () => {
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

  it('a descriptor is moved over a preopened directory, which is then closed (overwrite_preopen, close_preopen)', () => {
    const f = make();
    f.mkdir('d');
    const d = f.open('d', DIRECTORY);
    const before = f.fdStat(d);
    expect(f.h.call('fd_renumber', d, ROOT)).toBe(0);
    expect(f.fdStat(ROOT)).toEqual(before);
    expect(f.h.call('fd_fdstat_get', d, OUT)).toBe(ERRNO.BADF);
    expect(f.h.call('fd_prestat_get', ROOT, OUT)).toBe(ERRNO.BADF);
    expect(f.h.call('fd_close', ROOT)).toBe(0);
    expect(f.h.call('fd_fdstat_get', ROOT, OUT)).toBe(ERRNO.BADF);
  });

  it('stdio is moved over a file and closed under its own number (stdio)', () => {
    const f = make();
    for (const stdio of [0, 1, 2]) {
      const fd = f.create(`file${stdio}`);
      expect(f.h.call('fd_renumber', stdio, fd)).toBe(0);
      expect(f.h.call('fd_fdstat_get', fd, OUT)).toBe(0);
      expect(f.h.call('fd_fdstat_get', stdio, OUT)).toBe(ERRNO.BADF);
    }
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

  it('truncating by opening needs the right to set sizes by path (truncation_rights)', () => {
    const f = make();
    f.create('file', 'content');
    const [base, inheriting] = rightsOf(f, ROOT);
    expect(base & RIGHTS.FD_FILESTAT_SET_SIZE).toBe(0);
    const truncate = { oflags: OFLAGS.TRUNC, ...NO_RIGHTS };
    const set = (rights: number, handedOn: number) =>
      f.h.call('fd_fdstat_set_rights', ROOT, BigInt(rights), BigInt(handedOn));
    expect(set(base, inheriting & ~RIGHTS.FD_FILESTAT_SET_SIZE)).toBe(0);
    expect(f.open('file', truncate)).toBeGreaterThan(ROOT);
    expect(f.content('file')).toBe('');
    expect(set(base & ~RIGHTS.PATH_FILESTAT_SET_SIZE, 0)).toBe(0);
    expect(f.open('file', truncate)).toBe(-ERRNO.NOTCAPABLE);
  });

  it('rights that were given up stay so (fd_fdstat_set_rights, path_open_read_write)', () => {
    const f = make();
    const fd = f.open('file', { oflags: OFLAGS.CREAT, rights: READ_WRITE.rights | BigInt(RIGHTS.FD_SEEK) });
    expect(f.write(fd, 'x')).toBe(1);
    expect(f.h.call('fd_fdstat_set_rights', fd, BigInt(RIGHTS.FD_SEEK), 0n)).toBe(0);
    expect([f.read(fd), f.write(fd, 'x')]).toEqual([-ERRNO.BADF, -ERRNO.BADF]);
    expect(f.h.call('fd_fdstat_set_rights', fd, READ_WRITE.rights, 0n)).toBe(ERRNO.NOTCAPABLE);
    const writing = f.open('file', { rights: BigInt(RIGHTS.FD_WRITE) });
    expect([f.read(writing), f.write(writing, 'y')]).toEqual([-ERRNO.BADF, 1]);
  });

  it('appending is switched off and on (fd_flags_set, path_filestat)', () => {
    const f = make();
    const fd = f.open('file', { oflags: OFLAGS.CREAT, fdflags: FDFLAGS.APPEND });
    expect(flagsOf(f, fd)).toBe(FDFLAGS.APPEND);
    expect(f.write(fd, 'aa')).toBe(2);
    f.seek(fd, 0n, WHENCE.SET);
    expect(f.read(fd)).toBe('aa');
    f.seek(fd, 0n, WHENCE.SET);
    expect(f.write(fd, 'bb')).toBe(2);
    expect(f.h.call('fd_fdstat_set_flags', fd, 0)).toBe(0);
    f.seek(fd, 0n, WHENCE.SET);
    expect(f.write(fd, 'c')).toBe(1);
    expect(f.content('file')).toBe('cabb');
    const sync = f.open('file', { fdflags: FDFLAGS.APPEND | FDFLAGS.SYNC });
    expect(flagsOf(f, sync)).toBe(FDFLAGS.APPEND | FDFLAGS.SYNC);
  });

  it('a positioned write leaves the offset alone, appending or not (pwrite-with-append)', () => {
    const f = make();
    const fd = f.open('file', { oflags: OFLAGS.CREAT | OFLAGS.TRUNC, fdflags: FDFLAGS.APPEND });
    f.write(fd, 'ab');
    expect(f.seek(fd, 0n, WHENCE.SET)).toBe(0n);
    f.write(fd, 'cd');
    expect(f.seek(fd, 0n, WHENCE.CUR)).toBe(4n);
    expect(f.pwrite(fd, 'xyz', 0n)).toBe(3);
    expect(f.seek(fd, 0n, WHENCE.CUR)).toBe(4n);
    expect(f.content('file')).toBe('xyzd');
  });

  it('seeking and telling (file_seek_tell, lseek)', () => {
    const f = make();
    const fd = f.create('file', '01234567');
    expect(f.seek(fd, -10n, WHENCE.CUR)).toBe(BigInt(-ERRNO.INVAL));
    expect(f.seek(fd, 1000n, WHENCE.SET)).toBe(1000n);
    expect(f.read(fd)).toBe('');
    expect(f.seek(fd, 0n, WHENCE.END)).toBe(8n);
    expect(f.h.call('fd_tell', fd, OUT)).toBe(0);
    expect(f.h.u64(OUT)).toBe(8n);
    expect(f.seek(fd, 0n, 3)).toBe(BigInt(-ERRNO.INVAL));
  });

  it('transfers through several buffers, and none (file_pread_pwrite)', () => {
    const f = make();
    const fd = f.create('file');
    const [pointer, length] = f.h.put('0123');
    const iovecs = f.h.alloc(24);
    const parts = [pointer, 2, pointer, 0, pointer + 2, length - 2];
    for (const [at, word] of parts.entries()) f.h.view.setUint32(iovecs + 4 * at, word, true);
    expect(f.h.call('fd_pwrite', fd, iovecs, 3, 1n, OUT)).toBe(0);
    expect(f.h.u32(OUT)).toBe(4);
    expect(f.h.call('fd_pread', fd, iovecs, 0, 0n, OUT)).toBe(0);
    expect(f.h.u32(OUT)).toBe(0);
    expect(f.pread(fd, 0n)).toBe('\x000123');
    expect(f.pread(fd, 3n, 1)).toBe('2');
    expect(f.pread(fd, 99n)).toBe('');
  });

  it('a write is seen by another descriptor at once (file_unbuffered_write)', () => {
    const f = make();
    const reading = f.open('file', { oflags: OFLAGS.CREAT, rights: BigInt(RIGHTS.FD_READ) });
    const writing = f.open('file', { rights: BigInt(RIGHTS.FD_WRITE) });
    expect(f.read(reading)).toBe('');
    f.write(writing, 'x');
    expect(f.read(reading)).toBe('x');
  });

  it('allocating never shrinks, and advice changes nothing (file_allocate, fd_advise)', () => {
    const f = make();
    const fd = f.create('file');
    const allocate = (offset: bigint, length: bigint) => f.h.call('fd_allocate', fd, offset, length);
    const sizes = [allocate(0n, 100n), allocate(10n, 10n), allocate(90n, 20n)];
    expect(sizes).toEqual([0, 0, 0]);
    expect(f.h.call('fd_advise', fd, 10n, 50n, 0)).toBe(0);
    expect(f.fdStat(fd)).toMatchObject({ size: 110 });
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

  it('no file is a terminal (isatty)', () => {
    const f = make();
    const fd = f.open('file', { oflags: OFLAGS.CREAT, ...NO_RIGHTS });
    expect(f.h.call('fd_fdstat_get', fd, OUT)).toBe(0);
    expect(f.h.bytes[OUT]).toBe(FILETYPE.REGULAR_FILE);
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

describe('without files', () => {
  it('sockets are asked for, and nothing else will do (sock_shutdown-invalid_fd, -not_sock)', () => {
    const { h } = files();
    expect(h.call('sock_shutdown', 99, 1)).toBe(ERRNO.BADF);
    expect(h.call('sock_shutdown', 1, 1)).toBe(ERRNO.NOTSOCK);
  });

  it('a large buffer is filled with random bytes, an empty one with none (big_random_buf, random_get-zero-length)', () => {
    const { h } = files();
    expect(h.call('random_get', 1024, 65536)).toBe(0);
    expect(new Set(h.bytes.subarray(1024, 1024 + 65536)).size).toBe(256);
    expect(h.call('random_get', OUT, 0)).toBe(0);
  });

  it('yielding succeeds (sched_yield)', () => {
    expect(files().h.call('sched_yield')).toBe(0);
  });
});
