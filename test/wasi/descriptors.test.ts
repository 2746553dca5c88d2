/**
 * The behaviours that the public WASI test suite (WebAssembly/wasi-testsuite, preview1) asks for, on descriptors and the rest: a small case each, written
 * anew. Names in brackets are those of its programs.
 */
import { describe, expect, it } from 'vitest';
import { ERRNO, FDFLAGS, FILETYPE, OFLAGS, RIGHTS, WHENCE } from '../../src/wasi/abi.js';
import { files, ROOT } from '../unit/wasi/files-harness.js';
import { flagsOf, MODES, rightsOf } from './modes.js';

const OUT = 64;
const DIRECTORY = { oflags: OFLAGS.DIRECTORY };
const NO_RIGHTS = { rights: 0n };
const READ_WRITE = { rights: BigInt(RIGHTS.FD_READ | RIGHTS.FD_WRITE) };

describe.each(MODES)('in a %s directory', (_mode, make) => {
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

  it('no file is a terminal (isatty)', () => {
    const f = make();
    const fd = f.open('file', { oflags: OFLAGS.CREAT, ...NO_RIGHTS });
    expect(f.h.call('fd_fdstat_get', fd, OUT)).toBe(0);
    expect(f.h.bytes[OUT]).toBe(FILETYPE.REGULAR_FILE);
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
