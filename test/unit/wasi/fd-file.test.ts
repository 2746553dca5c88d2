import { describe, expect, it } from 'vitest';
import { CLOCK, ERRNO, FDFLAGS, FILETYPE, FSTFLAGS, OFLAGS, RIGHTS, WHENCE } from '../../../src/wasi/abi.js';
import { FILE_BYTES_MAX } from '../../../src/wasi/fs/content.js';
import { OLDEST_FILE_NS } from '../../../src/wasi/fs/tree.js';
import { files, ROOT, text } from './files-harness.js';

const OUT = 64;
const READ_ONLY = BigInt(RIGHTS.FD_READ | RIGHTS.FD_SEEK | RIGHTS.FD_TELL);

describe('reading and writing', () => {
  it('share one offset', () => {
    const f = files([text('a', 'hello world')]);
    const fd = f.open('a');
    expect(f.read(fd, 5)).toBe('hello');
    expect(f.write(fd, '-W')).toBe(2);
    expect(f.read(fd)).toBe('orld');
    expect(f.read(fd)).toBe('');
    expect(f.content('a')).toBe('hello-World');
  });

  it('leave zeros behind a gap', () => {
    const f = files();
    const fd = f.create('a', 'x');
    expect(f.seek(fd, 4n, WHENCE.SET)).toBe(4n);
    f.write(fd, 'y');
    expect(f.content('a')).toBe('x\0\0\0y');
  });

  it('append where the end is now', () => {
    const f = files([text('a', 'one')]);
    const appending = f.open('a', { fdflags: FDFLAGS.APPEND });
    const other = f.open('a');
    f.seek(other, 0n, WHENCE.END);
    f.write(other, ' two');
    expect(f.write(appending, ' three')).toBe(6);
    expect(f.content('a')).toBe('one two three');
    expect(f.seek(appending, 0n, WHENCE.CUR)).toBe(13n);
  });

  it('are refused without the right', () => {
    const f = files([text('a', 'x')]);
    const reading = f.open('a', { rights: READ_ONLY });
    expect(f.write(reading, 'y')).toBe(-ERRNO.BADF);
    expect(f.pwrite(reading, 'y', 0n)).toBe(-ERRNO.BADF);
    const writing = f.open('a', { rights: BigInt(RIGHTS.FD_WRITE) });
    expect(f.read(writing)).toBe(-ERRNO.BADF);
    expect(f.pread(writing, 0n)).toBe(-ERRNO.BADF);
    expect(f.seek(writing, 0n, WHENCE.SET)).toBe(BigInt(-ERRNO.NOTCAPABLE));
  });

  it('are EBADF on directories', () => {
    const f = files();
    expect(f.read(ROOT)).toBe(-ERRNO.BADF);
    expect(f.write(ROOT, 'x')).toBe(-ERRNO.BADF);
    expect(f.pread(ROOT, 0n)).toBe(-ERRNO.BADF);
    expect(f.seek(ROOT, 0n, WHENCE.SET)).toBe(BigInt(-ERRNO.BADF));
  });

  it('end at the largest size', () => {
    const f = files();
    const fd = f.create('a');
    expect(f.pwrite(fd, 'x', BigInt(FILE_BYTES_MAX))).toBe(-ERRNO.FBIG);
    expect(f.pwrite(fd, 'x', 2n ** 60n)).toBe(-ERRNO.FBIG);
    expect(f.fdStat(fd)).toMatchObject({ size: 0 });
  });
});

describe('fd_pread and fd_pwrite', () => {
  it('leave the offset alone', () => {
    const f = files([text('a', 'abcdef')]);
    const fd = f.open('a');
    expect(f.pread(fd, 2n, 3)).toBe('cde');
    expect(f.pread(fd, 100n)).toBe('');
    expect(f.pwrite(fd, 'XY', 1n)).toBe(2);
    expect(f.read(fd)).toBe('aXYdef');
    expect(f.pread(fd, -1n)).toBe(-ERRNO.INVAL);
    expect(f.pwrite(fd, 'x', -1n)).toBe(-ERRNO.INVAL);
  });
});

describe('fd_seek', () => {
  it('knows three origins', () => {
    const f = files([text('a', 'abcdef')]);
    const fd = f.open('a');
    expect(f.seek(fd, 2n, WHENCE.SET)).toBe(2n);
    expect(f.seek(fd, 3n, WHENCE.CUR)).toBe(5n);
    expect(f.seek(fd, -1n, WHENCE.END)).toBe(5n);
    expect(f.seek(fd, 10n, WHENCE.END)).toBe(16n);
    expect(f.seek(fd, -17n, WHENCE.CUR)).toBe(BigInt(-ERRNO.INVAL));
    expect(f.seek(fd, 2n ** 62n, WHENCE.SET)).toBe(BigInt(-ERRNO.OVERFLOW));
    expect(f.seek(fd, 0n, 3)).toBe(BigInt(-ERRNO.INVAL));
    expect(f.h.call('fd_tell', fd, OUT)).toBe(ERRNO.SUCCESS);
    expect(f.h.u64(OUT)).toBe(16n);
  });

  it('tells with the right to tell alone', () => {
    const f = files([text('a', 'abcdef')]);
    const fd = f.open('a', { rights: BigInt(RIGHTS.FD_READ | RIGHTS.FD_TELL) });
    expect(f.seek(fd, 0n, WHENCE.CUR)).toBe(0n);
    expect(f.seek(fd, 1n, WHENCE.CUR)).toBe(BigInt(-ERRNO.NOTCAPABLE));
  });
});

describe('sizes', () => {
  it('are set, and what was cut off does not come back', () => {
    const f = files([text('a', 'abcdef')]);
    const fd = f.open('a');
    expect(f.h.call('fd_filestat_set_size', fd, 2n)).toBe(ERRNO.SUCCESS);
    expect(f.h.call('fd_filestat_set_size', fd, 4n)).toBe(ERRNO.SUCCESS);
    expect(f.content('a')).toBe('ab\0\0');
    expect(f.h.call('fd_filestat_set_size', fd, -1n)).toBe(ERRNO.INVAL);
    expect(f.h.call('fd_filestat_set_size', fd, 2n ** 40n)).toBe(ERRNO.FBIG);
  });

  it('are allocated, never cut', () => {
    const f = files([text('a', 'abc')]);
    const fd = f.open('a');
    expect(f.h.call('fd_allocate', fd, 0n, 2n)).toBe(ERRNO.SUCCESS);
    expect(f.fdStat(fd)).toMatchObject({ size: 3 });
    expect(f.h.call('fd_allocate', fd, 90n, 20n)).toBe(ERRNO.SUCCESS);
    expect(f.fdStat(fd)).toMatchObject({ size: 110 });
    expect(f.h.call('fd_allocate', fd, 0n, 0n)).toBe(ERRNO.INVAL);
    expect(f.h.call('fd_allocate', fd, -1n, 5n)).toBe(ERRNO.INVAL);
    expect(f.h.call('fd_allocate', fd, 2n ** 62n, 2n ** 62n)).toBe(ERRNO.FBIG);
    expect(f.h.call('fd_allocate', ROOT, 0n, 5n)).toBe(ERRNO.BADF);
  });
});

describe('fd_advise, fd_sync, fd_datasync', () => {
  it('check their arguments', () => {
    const f = files([text('a', 'abc')]);
    const fd = f.open('a');
    for (let advice = 0; advice <= 5; advice++) expect(f.h.call('fd_advise', fd, 0n, 0n, advice)).toBe(ERRNO.SUCCESS);
    expect(f.h.call('fd_advise', fd, 0n, 0n, 6)).toBe(ERRNO.INVAL);
    expect(f.h.call('fd_advise', fd, -1n, 0n, 0)).toBe(ERRNO.INVAL);
    expect(f.h.call('fd_advise', ROOT, 0n, 0n, 0)).toBe(ERRNO.BADF);
    expect(f.h.call('fd_sync', fd)).toBe(ERRNO.SUCCESS);
    expect(f.h.call('fd_datasync', fd)).toBe(ERRNO.SUCCESS);
    expect(f.h.call('fd_sync', 50)).toBe(ERRNO.BADF);
  });
});

describe('file status', () => {
  it('has virtual inodes, and the guest own times', () => {
    const f = files([text('b', 'xy'), text('a', 'z')]);
    expect(f.stat('a')).toMatchObject({ device: 1, inode: 2, links: 1, size: 1, mtim: OLDEST_FILE_NS });
    expect(f.stat('b')).toMatchObject({ device: 1, inode: 3, filetype: FILETYPE.REGULAR_FILE, size: 2 });
    expect(f.stat('.')).toMatchObject({ inode: 1, filetype: FILETYPE.DIRECTORY });
    f.h.call('clock_time_get', CLOCK.REALTIME, 0n, OUT);
    const now = f.h.u64(OUT);
    f.h.fakes.clock.advance(5_000n);
    f.write(f.open('a'), 'new');
    expect(f.stat('a')).toMatchObject({ mtim: now, ctim: now, atim: OLDEST_FILE_NS });
  });

  it('is written whole, padding included', () => {
    const f = files([text('a', 'x')]);
    f.h.bytes.fill(0xff, OUT, OUT + 72);
    f.fdStat(f.open('a'));
    expect([...f.h.bytes.subarray(OUT + 17, OUT + 24)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(f.h.bytes[OUT + 64]).toBe(0xff);
  });

  it('takes times, by value and as now', () => {
    const f = files([text('a', 'x')]);
    const fd = f.open('a');
    f.h.call('clock_time_get', CLOCK.REALTIME, 0n, OUT);
    const now = f.h.u64(OUT);
    expect(f.h.call('fd_filestat_set_times', fd, 11n, 22n, FSTFLAGS.ATIM | FSTFLAGS.MTIM)).toBe(ERRNO.SUCCESS);
    expect(f.fdStat(fd)).toMatchObject({ atim: 11n, mtim: 22n, ctim: now });
    expect(f.h.call('fd_filestat_set_times', fd, 0n, 0n, FSTFLAGS.MTIM_NOW)).toBe(ERRNO.SUCCESS);
    expect(f.fdStat(fd)).toMatchObject({ atim: 11n, mtim: now });
    expect(f.h.call('fd_filestat_set_times', fd, 0n, 0n, FSTFLAGS.MTIM | FSTFLAGS.MTIM_NOW)).toBe(ERRNO.INVAL);
    expect(f.h.call('fd_filestat_set_times', fd, 0n, 0n, 16)).toBe(ERRNO.INVAL);
    expect(f.h.call('fd_filestat_set_times', 1, 0n, 0n, 1)).toBe(ERRNO.NOTCAPABLE);
  });

  it('knows stdio', () => {
    expect(files().fdStat(1)).toMatchObject({ filetype: FILETYPE.UNKNOWN, size: 0, mtim: 0n });
  });
});

describe('descriptor flags and rights', () => {
  it('change APPEND, but not how a file is synchronised', () => {
    const f = files([text('a', 'one')]);
    const fd = f.open('a');
    expect(f.h.call('fd_fdstat_set_flags', fd, FDFLAGS.APPEND)).toBe(ERRNO.SUCCESS);
    f.write(fd, '!');
    expect(f.content('a')).toBe('one!');
    expect(f.h.call('fd_fdstat_set_flags', fd, FDFLAGS.SYNC)).toBe(ERRNO.INVAL);
    expect(f.h.call('fd_fdstat_set_flags', fd, 32)).toBe(ERRNO.INVAL);
  });

  it('give rights up and never take them back', () => {
    const f = files([text('a', 'one')]);
    const fd = f.open('a');
    expect(f.h.call('fd_fdstat_set_rights', fd, BigInt(RIGHTS.FD_READ), 0n)).toBe(ERRNO.SUCCESS);
    expect(f.read(fd)).toBe('one');
    expect(f.write(fd, 'x')).toBe(-ERRNO.BADF);
    expect(f.h.call('fd_fdstat_set_rights', fd, BigInt(RIGHTS.FD_WRITE), 0n)).toBe(ERRNO.NOTCAPABLE);
    expect(f.h.call('fd_fdstat_set_rights', fd, -1n, 0n)).toBe(ERRNO.NOTCAPABLE);
    expect(f.h.call('fd_fdstat_set_rights', 50, 0n, 0n)).toBe(ERRNO.BADF);
  });
});

describe('fd_renumber', () => {
  it('moves a descriptor over another', () => {
    const f = files([text('a', 'one'), text('b', 'two')]);
    const [a, b] = [f.open('a'), f.open('b')];
    expect(f.h.call('fd_renumber', a, b)).toBe(ERRNO.SUCCESS);
    expect(f.read(b)).toBe('one');
    expect(f.read(a)).toBe(-ERRNO.BADF);
    expect(f.open('b')).toBe(a);
  });

  it('needs both to be open', () => {
    const f = files();
    expect(f.h.call('fd_renumber', ROOT, 50)).toBe(ERRNO.BADF);
    expect(f.h.call('fd_renumber', 50, ROOT)).toBe(ERRNO.BADF);
    expect(f.h.call('fd_renumber', ROOT, ROOT)).toBe(ERRNO.SUCCESS);
    expect(f.stat('.')).toMatchObject({ inode: 1 });
  });
});

describe('a file without a name', () => {
  it('lives until its last descriptor is closed', () => {
    const f = files([text('a', 'content')]);
    const [first, second] = [f.open('a'), f.open('a')];
    const { inodes } = f.h.wasi.state.tree;
    expect(f.unlink('a')).toBe(ERRNO.SUCCESS);
    expect(f.fdStat(first)).toMatchObject({ links: 0, size: 7 });
    f.h.call('fd_close', first);
    expect(f.read(second)).toBe('content');
    expect(inodes.size).toBe(2);
    f.h.call('fd_close', second);
    expect(inodes.size).toBe(1);
    expect(f.h.wasi.state.tree.usedBytes).toBe(0);
  });
});

it('nothing of it is logged', () => {
  const f = files([text('a', 'x')]);
  f.write(f.create('new', 'content'), 'more');
  f.rename('new', 'newer');
  expect(f.h.entries).toEqual([]);
  expect(f.open('newer', { oflags: OFLAGS.CREAT | OFLAGS.EXCL })).toBe(-ERRNO.EXIST);
});
