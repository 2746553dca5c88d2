import { describe, expect, it } from 'vitest';
import { ERRNO, FILETYPE, FSTFLAGS, OFLAGS, RIGHTS } from '../../../src/wasi/abi.js';
import { OLDEST_FILE_NS } from '../../../src/wasi/fs/tree.js';
import { files, ROOT, text } from './files-harness.js';

const DIR = (path: string) => ({ path, kind: 'dir' }) as const;
const LINK = (path: string, target: string) => ({ path, kind: 'symlink', target }) as const;

describe('paths', () => {
  const tree = [text('dir/nested/file', 'found'), text('top', 'top'), LINK('dir/up', '..'), LINK('into', 'dir/nested')];

  it.each([
    ['dir/nested/file'],
    ['dir/.//nested/../../dir/nested/../nested///./file'],
    ['into/file'],
    ['dir/up/dir/nested/file'],
    ['./dir/nested/file'],
  ])('%s leads to the file', (path) => {
    expect(files(tree).content(path)).toBe('found');
  });

  it.each([
    ['', ERRNO.NOENT],
    ['missing', ERRNO.NOENT],
    ['missing/file', ERRNO.NOENT],
    ['top/file', ERRNO.NOTDIR],
    ['top/', ERRNO.NOTDIR],
    ['top/..', ERRNO.NOTDIR],
    ['/top', ERRNO.PERM],
    ['..', ERRNO.PERM],
    ['../top', ERRNO.PERM],
    ['dir/../..', ERRNO.PERM],
    ['dir/up/..', ERRNO.PERM],
    ['to\0p', ERRNO.INVAL],
    ['x'.repeat(256), ERRNO.NAMETOOLONG],
    ['ä'.repeat(128), ERRNO.NAMETOOLONG],
    ['d/'.repeat(2048), ERRNO.NAMETOOLONG],
  ])('%s is refused with %d', (path, errno) => {
    expect(files(tree).open(path)).toBe(-errno);
  });

  it('must be UTF-8', () => {
    const { h } = files();
    expect(h.call('path_create_directory', ROOT, ...h.put(Uint8Array.of(0xff, 0x41)))).toBe(ERRNO.ILSEQ);
    expect(h.call('path_create_directory', ROOT, 131071, 5)).toBe(ERRNO.FAULT);
  });

  it('may be as long as names go', () => {
    const f = files();
    const name = 'x'.repeat(255);
    expect(f.mkdir(name)).toBe(ERRNO.SUCCESS);
    expect(f.stat(name)).toMatchObject({ filetype: FILETYPE.DIRECTORY });
  });

  it('do not leave a directory that was opened, although the tree goes on above it', () => {
    const f = files(tree);
    const nested = f.open('dir/nested', { oflags: OFLAGS.DIRECTORY });
    expect(f.open('file', {}, nested)).toBeGreaterThan(0);
    expect(f.open('../nested/file', {}, nested)).toBe(-ERRNO.PERM);
  });
});

describe('symbolic links', () => {
  it('in a loop are ELOOP, dangling ones lead nowhere, absolute ones are refused', () => {
    const f = files([
      LINK('a', 'b'),
      LINK('b', 'a'),
      LINK('self', 'self/x'),
      LINK('gone', 'missing'),
      LINK('abs', '/etc'),
    ]);
    expect(f.open('a')).toBe(-ERRNO.LOOP);
    expect(f.open('self')).toBe(-ERRNO.LOOP);
    expect(f.open('gone')).toBe(-ERRNO.NOENT);
    expect(f.open('abs')).toBe(-ERRNO.PERM);
    expect(f.open('a', { follow: false })).toBe(-ERRNO.LOOP);
  });

  it('may be chained 40 times', () => {
    const chain = Array.from({ length: 41 }, (_, at) => LINK(`l${at}`, at === 0 ? 'end' : `l${at - 1}`));
    const f = files([text('end', 'x'), ...chain]);
    expect(f.content('l39')).toBe('x');
    expect(f.open('l40')).toBe(-ERRNO.LOOP);
  });

  it('are made, read and looked at', () => {
    const f = files([text('file', 'content')]);
    expect(f.symlink('file', 'link')).toBe(ERRNO.SUCCESS);
    expect(f.readlink('link')).toBe('file');
    expect(f.readlink('link', 2)).toBe('fi');
    expect(f.readlink('file')).toBe(-ERRNO.INVAL);
    expect(f.stat('link', false)).toMatchObject({ filetype: FILETYPE.SYMBOLIC_LINK, size: 4 });
    expect(f.stat('link')).toMatchObject({ filetype: FILETYPE.REGULAR_FILE, size: 7 });
    expect(f.symlink('x', 'link')).toBe(ERRNO.EXIST);
    expect(f.symlink('/x', 'other')).toBe(ERRNO.PERM);
    expect(f.symlink('', 'other')).toBe(ERRNO.NOENT);
    expect(f.symlink('x', 'other/')).toBe(ERRNO.NOENT);
    expect(f.symlink('x', 'file/')).toBe(ERRNO.NOTDIR);
    expect(f.unlink('link')).toBe(ERRNO.SUCCESS);
    expect(f.content('file')).toBe('content');
  });

  it('are followed when a file is created through them', () => {
    const f = files([LINK('link', 'target')]);
    expect(f.open('link', { oflags: OFLAGS.CREAT | OFLAGS.EXCL })).toBe(-ERRNO.EXIST);
    f.create('link', 'through');
    expect(f.content('target')).toBe('through');
  });
});

describe('path_open', () => {
  it('creates, truncates, insists', () => {
    const f = files([text('a', 'content')]);
    expect(f.open('new')).toBe(-ERRNO.NOENT);
    expect(f.open('new', { oflags: OFLAGS.CREAT | OFLAGS.EXCL })).toBe(4);
    expect(f.open('new', { oflags: OFLAGS.CREAT | OFLAGS.EXCL })).toBe(-ERRNO.EXIST);
    expect(f.open('a', { oflags: OFLAGS.TRUNC })).toBe(5);
    expect(f.content('a')).toBe('');
    expect(f.open('new/', { oflags: OFLAGS.CREAT })).toBe(-ERRNO.ISDIR);
    expect(f.open('newer/', { oflags: OFLAGS.CREAT })).toBe(-ERRNO.ISDIR);
  });

  it('tells files from directories', () => {
    const f = files([text('a', ''), DIR('d')]);
    expect(f.open('a', { oflags: OFLAGS.DIRECTORY })).toBe(-ERRNO.NOTDIR);
    expect(f.open('d', { oflags: OFLAGS.CREAT })).toBe(-ERRNO.ISDIR);
    expect(f.open('d', { rights: BigInt(RIGHTS.FD_WRITE) })).toBe(-ERRNO.ISDIR);
    expect(f.open('d', { oflags: OFLAGS.DIRECTORY })).toBe(4);
    expect(f.open('d', { oflags: OFLAGS.DIRECTORY | OFLAGS.CREAT })).toBe(-ERRNO.INVAL);
  });

  it('refuses bad descriptors, flags and pointers, without leaking a descriptor', () => {
    const f = files([text('a', '')]);
    expect(f.open('a', {}, 1)).toBe(-ERRNO.NOTDIR);
    expect(f.open('a', {}, 50)).toBe(-ERRNO.BADF);
    expect(f.open('x', {}, f.open('a'))).toBe(-ERRNO.NOTDIR);
    expect(f.open('a', { oflags: 16 })).toBe(-ERRNO.INVAL);
    expect(f.open('a', { fdflags: 32 })).toBe(-ERRNO.INVAL);
    const { h } = f;
    expect(h.call('path_open', ROOT, 2, ...h.put('a'), 0, 0n, 0n, 0, 64)).toBe(ERRNO.INVAL);
    expect(h.call('path_open', ROOT, 0, ...h.put('a'), 0, 0n, 0n, 0, -1)).toBe(ERRNO.FAULT);
    expect(f.open('a')).toBe(5);
  });

  it('hands on no more rights than the directory has', () => {
    const f = files([text('d/a', 'x')]);
    const { h } = f;
    const d = f.open('d', { oflags: OFLAGS.DIRECTORY });
    const reading = BigInt(RIGHTS.PATH_OPEN);
    expect(h.call('fd_fdstat_set_rights', d, reading, BigInt(RIGHTS.FD_READ))).toBe(ERRNO.SUCCESS);
    expect(f.open('new', { oflags: OFLAGS.CREAT }, d)).toBe(-ERRNO.NOTCAPABLE);
    expect(f.open('a', { oflags: OFLAGS.TRUNC }, d)).toBe(-ERRNO.NOTCAPABLE);
    const a = f.open('a', {}, d);
    h.call('fd_fdstat_get', a, 64);
    expect(h.u64(72)).toBe(BigInt(RIGHTS.FD_READ));
    expect(f.write(a, 'y')).toBe(-ERRNO.BADF);
    expect(f.mkdir('sub', d)).toBe(ERRNO.NOTCAPABLE);
  });

  it('truncates files in a directory that was opened without asking for that right, as Go does', () => {
    const f = files([text('d/a', 'x')]);
    const d = f.open('d', { oflags: OFLAGS.DIRECTORY, rights: BigInt(RIGHTS.PATH_OPEN) });
    expect(f.open('a', { oflags: OFLAGS.TRUNC }, d)).toBe(d + 1);
    expect(f.stat('d/a')).toMatchObject({ size: 0 });
  });
});

describe('directories', () => {
  it('are made and removed', () => {
    const f = files([text('file', '')]);
    expect(f.mkdir('d')).toBe(ERRNO.SUCCESS);
    expect(f.mkdir('d')).toBe(ERRNO.EXIST);
    expect(f.mkdir('d/sub/')).toBe(ERRNO.SUCCESS);
    expect(f.mkdir('.')).toBe(ERRNO.EXIST);
    expect(f.mkdir('file/x')).toBe(ERRNO.NOTDIR);
    expect(f.rmdir('d')).toBe(ERRNO.NOTEMPTY);
    expect(f.rmdir('file')).toBe(ERRNO.NOTDIR);
    expect(f.rmdir('.')).toBe(ERRNO.INVAL);
    expect(f.rmdir('missing')).toBe(ERRNO.NOENT);
    expect(f.rmdir('d/sub/')).toBe(ERRNO.SUCCESS);
    expect(f.rmdir('d')).toBe(ERRNO.SUCCESS);
  });

  it('take nothing new once they are removed', () => {
    const f = files([DIR('d')]);
    const d = f.open('d', { oflags: OFLAGS.DIRECTORY });
    expect(f.rmdir('d')).toBe(ERRNO.SUCCESS);
    expect(f.open('x', { oflags: OFLAGS.CREAT }, d)).toBe(-ERRNO.NOENT);
    expect(f.mkdir('x', d)).toBe(ERRNO.NOENT);
    expect(f.list(d)).toEqual(['.', '..']);
    expect(f.h.wasi.state.tree.inodes.size).toBe(2);
  });

  it('may be removed together with the one above, while they are open', () => {
    const f = files([DIR('d/sub')]);
    const sub = f.open('d/sub', { oflags: OFLAGS.DIRECTORY });
    f.rmdir('d/sub');
    f.rmdir('d');
    expect(f.list(sub)).toEqual(['.', '..']);
    f.h.call('fd_close', sub);
    expect(f.h.wasi.state.tree.inodes.size).toBe(1);
  });
});

describe('path_unlink_file', () => {
  it('removes files and links only', () => {
    const f = files([text('a', ''), DIR('d'), LINK('l', 'missing')]);
    expect(f.unlink('d')).toBe(ERRNO.ISDIR);
    expect(f.unlink('a/')).toBe(ERRNO.NOTDIR);
    expect(f.unlink('a')).toBe(ERRNO.SUCCESS);
    expect(f.unlink('a')).toBe(ERRNO.NOENT);
    expect(f.unlink('l')).toBe(ERRNO.SUCCESS);
  });
});

describe('hard links', () => {
  it('share content and count', () => {
    const f = files([text('a', 'one'), DIR('d')]);
    expect(f.link('a', 'd/b')).toBe(ERRNO.SUCCESS);
    f.write(f.open('d/b'), 'two');
    expect(f.content('a')).toBe('two');
    expect(f.stat('a')).toMatchObject({ links: 2 });
    f.unlink('a');
    expect(f.stat('d/b')).toMatchObject({ links: 1, size: 3 });
  });

  it('are made of files, under new names', () => {
    const f = files([text('a', 'one'), DIR('d'), LINK('l', 'a')]);
    expect(f.link('a', 'd')).toBe(ERRNO.EXIST);
    expect(f.link('d', 'e')).toBe(ERRNO.PERM);
    expect(f.link('missing', 'e')).toBe(ERRNO.NOENT);
    expect(f.link('a', 'e/')).toBe(ERRNO.NOENT);
    expect(f.link('l', 'e', 1)).toBe(ERRNO.INVAL);
    expect(f.link('l', 'e')).toBe(ERRNO.SUCCESS);
    expect(f.readlink('e')).toBe('a');
  });
});

describe('path_rename', () => {
  it('moves files and directories, replacing what may be replaced', () => {
    const f = files([text('a', 'one'), text('b', 'two'), text('d/x', 'x'), DIR('empty')]);
    expect(f.rename('a', 'b')).toBe(ERRNO.SUCCESS);
    expect(f.content('b')).toBe('one');
    expect(f.rename('d', 'empty')).toBe(ERRNO.SUCCESS);
    expect(f.content('empty/x')).toBe('x');
    expect(f.list()).toEqual(['.', '..', 'b', 'empty']);
    expect(f.h.wasi.state.tree.inodes.size).toBe(4);
  });

  it('refuses the rest', () => {
    const f = files([text('a', 'one'), text('d/x', 'x'), DIR('e')]);
    expect(f.rename('a', 'd')).toBe(ERRNO.ISDIR);
    expect(f.rename('e', 'a')).toBe(ERRNO.NOTDIR);
    expect(f.rename('e', 'd')).toBe(ERRNO.NOTEMPTY);
    expect(f.rename('d', 'd/sub')).toBe(ERRNO.INVAL);
    expect(f.rename('d', 'd')).toBe(ERRNO.SUCCESS);
    expect(f.rename('missing', 'x')).toBe(ERRNO.NOENT);
    expect(f.rename('a/', 'x')).toBe(ERRNO.NOTDIR);
    expect(f.rename('a', 'x/')).toBe(ERRNO.NOTDIR);
    expect(f.rename('.', 'x')).toBe(ERRNO.BUSY);
    expect(f.rename('e', 'moved/')).toBe(ERRNO.SUCCESS);
  });

  it('keeps both names of one file', () => {
    const f = files([text('a', 'one')]);
    f.link('a', 'b');
    expect(f.rename('a', 'b')).toBe(ERRNO.SUCCESS);
    expect(f.list()).toEqual(['.', '..', 'a', 'b']);
  });

  it('keeps `..` right', () => {
    const f = files([text('a/deep/x', ''), DIR('b')]);
    f.rename('a/deep', 'b/deep');
    const deep = f.open('b/deep', { oflags: OFLAGS.DIRECTORY });
    expect(f.readdir(deep, 0n).entries[1]).toMatchObject({
      name: '..',
      inode: (f.stat('b') as { inode: number }).inode,
    });
  });
});

describe('path_filestat_set_times', () => {
  it('follows links only when told to', () => {
    const f = files([text('a', ''), LINK('l', 'a')]);
    const { h } = f;
    const set = (lookup: number, mtim: bigint) =>
      h.call('path_filestat_set_times', ROOT, lookup, ...h.put('l'), 0n, mtim, FSTFLAGS.MTIM);
    expect(set(1, 7n)).toBe(ERRNO.SUCCESS);
    expect(set(0, 8n)).toBe(ERRNO.SUCCESS);
    expect(f.stat('a')).toMatchObject({ mtim: 7n });
    expect(f.stat('l', false)).toMatchObject({ mtim: 8n });
    expect(set(2, 8n)).toBe(ERRNO.INVAL);
  });
});

describe('a read-only mount', () => {
  it('lets nothing change', () => {
    const f = files([text('a', 'one'), DIR('d')], 'ro');
    const { h } = f;
    const reading = BigInt(RIGHTS.FD_READ | RIGHTS.FD_FILESTAT_SET_TIMES);
    expect(f.open('a')).toBe(-ERRNO.ROFS);
    const fd = f.open('a', { rights: reading });
    expect(f.read(fd)).toBe('one');
    expect(f.open('new', { oflags: OFLAGS.CREAT })).toBe(-ERRNO.ROFS);
    expect(f.open('a', { oflags: OFLAGS.TRUNC, rights: reading })).toBe(-ERRNO.ROFS);
    expect(f.mkdir('x')).toBe(ERRNO.ROFS);
    expect(f.rmdir('d')).toBe(ERRNO.ROFS);
    expect(f.unlink('a')).toBe(ERRNO.ROFS);
    expect(f.rename('a', 'b')).toBe(ERRNO.ROFS);
    expect(f.symlink('a', 'l')).toBe(ERRNO.ROFS);
    expect(f.link('a', 'b')).toBe(ERRNO.ROFS);
    expect(h.call('fd_filestat_set_times', fd, 0n, 5n, FSTFLAGS.MTIM)).toBe(ERRNO.ROFS);
    expect(h.call('path_filestat_set_times', ROOT, 0, ...h.put('a'), 0n, 5n, FSTFLAGS.MTIM)).toBe(ERRNO.ROFS);
    expect(f.stat('a')).toMatchObject({ mtim: OLDEST_FILE_NS, size: 3 });
  });
});
