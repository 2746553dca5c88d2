/** Directories in shared mode: the guest's calls against the files of this machine. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRNO, FDFLAGS, FILETYPE, FSTFLAGS, OFLAGS, WHENCE } from '../../../src/wasi/abi.js';
import { ROOT } from './files-harness.js';
import { contents, sharedGuest, storage } from './shared-harness.js';

const OUT = 64;
const CREATE = { oflags: OFLAGS.CREAT };

describe('files', () => {
  it('are read, written and seen by others at once', () => {
    const root = storage();
    const { files: f } = sharedGuest(root);
    const fd = f.open('a', CREATE);
    expect(fd).toBe(5);
    expect(f.write(fd, 'hello ')).toBe(6);
    expect(f.write(fd, 'world')).toBe(5);
    expect(readFileSync(path.join(root, 'a'), 'utf8')).toBe('hello world');
    expect(f.seek(fd, -5n, WHENCE.END)).toBe(6n);
    expect(f.read(fd)).toBe('world');
    expect(f.pwrite(fd, 'W', 6n)).toBe(1);
    expect(f.pread(fd, 4n, 3)).toBe('o W');
    expect(f.seek(fd, 0n, WHENCE.CUR)).toBe(11n);
    writeFileSync(path.join(root, 'a'), 'others');
    expect(f.pread(fd, 0n)).toBe('others');
  });

  it('append where the file ends now', () => {
    const root = storage();
    writeFileSync(path.join(root, 'log'), '1\n');
    const { files: f } = sharedGuest(root);
    const fd = f.open('log', { fdflags: FDFLAGS.APPEND });
    f.write(fd, '2\n');
    writeFileSync(path.join(root, 'log'), '1\n2\n3\n');
    f.write(fd, '4\n');
    expect(contents(root)).toEqual({ log: '1\n2\n3\n4\n' });
  });

  it('change their size', () => {
    const root = storage();
    const { files: f } = sharedGuest(root);
    const fd = f.create('a', 'content');
    expect(f.h.call('fd_filestat_set_size', fd, 3n)).toBe(0);
    expect(f.content('a')).toBe('con');
    expect(f.h.call('fd_allocate', fd, 0n, 2n)).toBe(0);
    expect(f.h.call('fd_allocate', fd, 2n, 4n)).toBe(0);
    expect(f.content('a')).toBe('con\0\0\0');
    expect(f.open('a', { oflags: OFLAGS.TRUNC })).toBe(fd + 1);
    expect(f.content('a')).toBe('');
  });

  it('have the host’s status on a virtual device', () => {
    const root = storage();
    const { files: f } = sharedGuest(root);
    const fd = f.create('a', 'content');
    const host = statSync(path.join(root, 'a'), { bigint: true });
    const expected = { device: 1, inode: Number(host.ino), filetype: FILETYPE.REGULAR_FILE, links: 1, size: 7 };
    expect(f.stat('a')).toMatchObject({ ...expected, mtim: host.mtimeNs });
    expect(f.fdStat(fd)).toEqual(f.stat('a'));
    expect(f.fdStat(ROOT)).toMatchObject({ device: 1, filetype: FILETYPE.DIRECTORY });
    expect(f.stat('none')).toBe(-ERRNO.NOENT);
  });

  it('take the times they are given', () => {
    const { files: f } = sharedGuest(storage());
    const fd = f.create('a');
    const flags = FSTFLAGS.ATIM | FSTFLAGS.MTIM;
    expect(f.h.call('fd_filestat_set_times', fd, 1_000_000_000n, 2_000_000_000n, flags)).toBe(0);
    expect(f.stat('a')).toMatchObject({ atim: 1_000_000_000n, mtim: 2_000_000_000n });
    const path = f.h.put('a');
    expect(f.h.call('path_filestat_set_times', ROOT, 0, ...path, 0n, 5_000_000_000n, FSTFLAGS.MTIM)).toBe(0);
    expect(f.stat('a')).toMatchObject({ atim: 1_000_000_000n, mtim: 5_000_000_000n });
    const both = FSTFLAGS.ATIM | FSTFLAGS.ATIM_NOW;
    expect(f.h.call('path_filestat_set_times', ROOT, 0, ...path, 0n, 0n, both)).toBe(ERRNO.INVAL);
  });

  it('sync, close, and are then bad descriptors', () => {
    const { files: f } = sharedGuest(storage());
    const fd = f.create('a', 'x');
    expect(f.h.call('fd_sync', fd)).toBe(0);
    expect(f.h.call('fd_datasync', fd)).toBe(0);
    expect(f.h.call('fd_close', fd)).toBe(0);
    expect(f.h.call('fd_close', fd)).toBe(ERRNO.BADF);
    expect(f.open('a')).toBe(fd);
  });

  it('are renumbered onto one another', () => {
    const { files: f } = sharedGuest(storage());
    const [a, b] = [f.create('a', 'A'), f.create('b', 'B')];
    expect(f.h.call('fd_renumber', a, b)).toBe(0);
    expect(f.pread(b, 0n)).toBe('A');
    expect(f.pread(a, 0n)).toBe(-ERRNO.BADF);
  });

  it('are readable only, if opened so', () => {
    const { files: f } = sharedGuest(storage());
    f.create('a', 'A');
    const fd = f.open('a', { rights: 2n | 4n });
    expect(f.read(fd)).toBe('A');
    expect(f.write(fd, 'x')).toBe(-ERRNO.BADF);
  });
});

describe('directories', () => {
  it('list their names sorted, whatever order the host has', () => {
    const root = storage();
    for (const name of ['b', 'a', '\u{10000}', '\uffff', 'Z']) writeFileSync(path.join(root, name), '');
    mkdirSync(path.join(root, 'dir'));
    const { files: f } = sharedGuest(root);
    const names = ['.', '..', 'Z', 'a', 'b', 'dir', '\uffff', '\u{10000}'];
    expect(f.list()).toEqual(names);
    expect(f.list(ROOT, 60)).toEqual(names);
    expect(f.readdir(ROOT, 5n).entries[0]).toMatchObject({ name: 'dir', filetype: FILETYPE.DIRECTORY });
  });

  it('are made, renamed and removed', () => {
    const root = storage();
    const { files: f } = sharedGuest(root);
    expect(f.mkdir('d')).toBe(0);
    expect(f.mkdir('d')).toBe(ERRNO.EXIST);
    f.create('d/a', 'A');
    expect(f.rmdir('d')).toBe(ERRNO.NOTEMPTY);
    expect(f.rename('d', 'e')).toBe(0);
    expect(f.unlink('e')).toBe(ERRNO.ISDIR);
    expect(f.unlink('e/a')).toBe(0);
    expect(f.rmdir('e/.')).toBe(ERRNO.INVAL);
    expect(f.rmdir('e')).toBe(0);
    expect(f.rmdir('e')).toBe(ERRNO.NOENT);
    expect(contents(root)).toEqual({});
  });

  it('are opened, and paths start from them', () => {
    const { files: f } = sharedGuest(storage());
    f.mkdir('d');
    f.create('d/a', 'A');
    const d = f.open('d', { oflags: OFLAGS.DIRECTORY });
    expect(f.open('a', {}, d)).toBeGreaterThan(d);
    expect(f.open('../d/a', {}, d)).toBe(-ERRNO.PERM);
    expect(f.open('a', { oflags: OFLAGS.DIRECTORY }, d)).toBe(-ERRNO.NOTDIR);
    expect(f.open('d', { oflags: OFLAGS.CREAT })).toBe(-ERRNO.ISDIR);
    expect(f.read(d)).toBe(-ERRNO.BADF);
  });

  it('are another device than private ones', () => {
    const { files: f } = sharedGuest(storage());
    f.create('a');
    const rename = f.h.call('path_rename', ROOT, ...f.h.put('a'), ROOT + 1, ...f.h.put('a'));
    expect(rename).toBe(ERRNO.XDEV);
    expect(f.h.call('path_link', ROOT + 1, 0, ...f.h.put('a'), ROOT, ...f.h.put('b'))).toBe(ERRNO.XDEV);
  });
});

describe('names', () => {
  it('have the errors of POSIX', () => {
    const { files: f } = sharedGuest(storage());
    f.create('a', 'A');
    expect(f.open('none')).toBe(-ERRNO.NOENT);
    expect(f.open('a', { oflags: OFLAGS.CREAT | OFLAGS.EXCL })).toBe(-ERRNO.EXIST);
    expect(f.open('a/b')).toBe(-ERRNO.NOTDIR);
    expect(f.open('a/')).toBe(-ERRNO.NOTDIR);
    expect(f.open('new/', CREATE)).toBe(-ERRNO.ISDIR);
    expect(f.open('')).toBe(-ERRNO.NOENT);
    expect(f.open('x'.repeat(256), CREATE)).toBe(-ERRNO.NAMETOOLONG);
    expect(f.open('d/'.repeat(2100))).toBe(-ERRNO.NAMETOOLONG);
    expect(f.rename('none', 'b')).toBe(ERRNO.NOENT);
    expect(f.rename('a', '.')).toBe(ERRNO.BUSY);
    expect(f.rename('a', 'b/')).toBe(ERRNO.NOTDIR);
    expect(f.readlink('a')).toBe(-ERRNO.INVAL);
  });

  it('are linked, hard and symbolic', () => {
    const { files: f } = sharedGuest(storage());
    f.create('a', 'A');
    expect(f.link('a', 'hard')).toBe(0);
    expect(f.link('a', 'hard')).toBe(ERRNO.EXIST);
    expect(f.stat('hard')).toMatchObject({ links: 2 });
    expect(f.symlink('a', 'soft')).toBe(0);
    expect(f.symlink('a', 'soft')).toBe(ERRNO.EXIST);
    expect(f.readlink('soft')).toBe('a');
    expect(f.content('soft')).toBe('A');
    expect(f.open('soft', { follow: false })).toBe(-ERRNO.LOOP);
    expect(f.stat('soft', false)).toMatchObject({ filetype: FILETYPE.SYMBOLIC_LINK });
    expect(f.unlink('soft')).toBe(0);
    expect(f.content('a')).toBe('A');
  });

  it('lead nowhere outside', () => {
    const outside = storage();
    writeFileSync(path.join(outside, 'secret'), 'S');
    const root = path.join(outside, 'root');
    mkdirSync(path.join(root, 'd'), { recursive: true });
    symlinkSync(outside, path.join(root, 'absolute'));
    symlinkSync('../secret', path.join(root, 'up'));
    symlinkSync('..', path.join(root, 'd', 'here'));
    symlinkSync('d/here/../secret', path.join(root, 'winding'));
    symlinkSync('loop', path.join(root, 'loop'));
    const { files: f } = sharedGuest(root);
    for (const name of ['../secret', '/etc/passwd', 'd/../../secret', 'absolute/secret', 'up', 'winding']) {
      expect([name, f.open(name)]).toEqual([name, -ERRNO.PERM]);
    }
    for (const name of ['../new', 'absolute/new', 'd/here/../new']) {
      expect([name, f.open(name, CREATE), f.mkdir(name)]).toEqual([name, -ERRNO.PERM, ERRNO.PERM]);
    }
    expect(f.unlink('absolute/secret')).toBe(ERRNO.PERM);
    expect(f.rename('d', '../d')).toBe(ERRNO.PERM);
    expect(f.open('loop')).toBe(-ERRNO.LOOP);
    expect(f.symlink('/etc/passwd', 'link')).toBe(ERRNO.PERM);
    expect(existsSync(path.join(outside, 'secret'))).toBe(true);
    expect(existsSync(path.join(outside, 'new'))).toBe(false);
  });

  it('of pipes and devices are not opened', () => {
    const root = storage();
    execFileSync('mkfifo', [path.join(root, 'pipe')]);
    const { files: f } = sharedGuest(root);
    expect(f.open('pipe')).toBe(-ERRNO.NOTSUP);
  });
});

describe('the output rule', () => {
  it('holds changes, not looks', () => {
    const { files: f, services } = sharedGuest(storage());
    const fd = f.create('a');
    expect(services.barrier.events).toEqual([1]);
    f.write(fd, 'x');
    expect(services.barrier.events).toEqual([1, 2]);
    f.pread(fd, 0n);
    f.stat('a');
    f.list();
    f.h.call('fd_sync', fd);
    expect(services.barrier.events).toEqual([1, 2]);
    expect(f.h.entries).toHaveLength(7);
    f.unlink('a');
    expect(services.barrier.events).toEqual([1, 2, 8]);
    f.h.call('fd_filestat_get', fd, OUT);
    expect(f.h.u64(OUT + 24)).toBe(0n);
  });
});
