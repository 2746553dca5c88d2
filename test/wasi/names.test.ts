/**
 * Names with slashes behind them, and odd flags: where a call makes, moves or takes away a name, a slash says that it is a
 * directory, and does not follow a link. Each case was compared with Wasmtime 50 on Linux.
 */
import { describe, expect, it } from 'vitest';
import { ERRNO, FSTFLAGS, OFLAGS } from '../../src/wasi/abi.js';
import { type Files, ROOT } from '../unit/wasi/files-harness.js';
import { MODES } from './modes.js';

/** A file, a directory with a file in it, an empty one, and links to all of them. */
function names(make: () => Files): Files {
  const f = make();
  f.create('file', 'x');
  f.mkdir('full');
  f.create('full/inside');
  f.mkdir('empty');
  for (const target of ['file', 'full', 'empty', 'nothing']) f.symlink(target, `to-${target}`);
  f.symlink('loop', 'loop');
  return f;
}

describe.each(MODES)('in a %s directory', (_mode, make) => {
  it.for(['file/', 'full/', 'to-file/', 'to-full/', 'to-nothing/', 'loop/'])(
    '%s cannot be made a directory',
    (name) => {
      const f = names(make);
      expect(f.mkdir(name)).toBe(ERRNO.EXIST);
      expect(f.stat('nothing')).toBe(-ERRNO.NOENT);
    },
  );

  it('a directory is removed by its own name, not by that of a link', () => {
    const f = names(make);
    expect(f.rmdir('to-empty/')).toBe(ERRNO.NOTDIR);
    expect(f.rmdir('to-full/')).toBe(ERRNO.NOTDIR);
    expect(f.rmdir('file/')).toBe(ERRNO.NOTDIR);
    expect(f.rmdir('nothing/')).toBe(ERRNO.NOENT);
    expect(f.rmdir('full/.')).toBe(ERRNO.INVAL);
    expect(f.rmdir('empty//')).toBe(ERRNO.SUCCESS);
  });

  it('only a directory is renamed from or to a name with a slash', () => {
    const f = names(make);
    expect(f.rename('file', 'empty/')).toBe(ERRNO.NOTDIR);
    expect(f.rename('file', 'nothing/')).toBe(ERRNO.NOTDIR);
    expect(f.rename('file/', 'nothing')).toBe(ERRNO.NOTDIR);
    expect(f.rename('to-empty/', 'nothing')).toBe(ERRNO.NOTDIR);
    expect(f.rename('empty', 'to-full/')).toBe(ERRNO.NOTDIR);
    expect(f.rename('empty', 'to-nothing/')).toBe(ERRNO.NOTDIR);
    expect(f.rename('empty/', 'nothing//')).toBe(ERRNO.SUCCESS);
    expect(f.rename('to-empty', 'moved')).toBe(ERRNO.SUCCESS);
  });

  it('nothing takes the place of a directory that it lies in', () => {
    const f = names(make);
    expect(f.rename('full/inside', 'full')).toBe(ERRNO.NOTEMPTY);
    f.mkdir('full/deep');
    expect(f.rename('full/deep', 'full')).toBe(ERRNO.NOTEMPTY);
    expect(f.rename('full', 'full/deep')).toBe(ERRNO.INVAL);
    expect(f.rename('full/inside', 'empty')).toBe(ERRNO.ISDIR);
  });

  it.for(['file/', 'full/', 'full/.', 'to-file/', 'nothing/', 'to-nothing/'])('%s cannot be made a file', (name) => {
    const f = names(make);
    expect(f.open(name, { oflags: OFLAGS.CREAT })).toBe(-ERRNO.ISDIR);
    expect(f.open(`absent/${name}`, { oflags: OFLAGS.CREAT })).toBe(-ERRNO.NOENT);
    expect(f.stat('nothing')).toBe(-ERRNO.NOENT);
  });

  it('O_EXCL matters only to what is made', () => {
    const f = names(make);
    expect(f.open('to-file', { oflags: OFLAGS.EXCL })).toBeGreaterThan(ROOT);
    expect(f.open('to-nothing', { oflags: OFLAGS.EXCL })).toBe(-ERRNO.NOENT);
    for (const name of ['file', 'full', '.', 'to-file', 'to-nothing']) {
      expect(f.open(name, { oflags: OFLAGS.CREAT | OFLAGS.EXCL })).toBe(-ERRNO.EXIST);
    }
  });

  it('time flags are looked at before the path', () => {
    const f = names(make);
    const set = (path: string, flags: number) =>
      f.h.call('path_filestat_set_times', ROOT, 0, ...f.h.put(path), 0n, 0n, flags);
    expect(set('absent', FSTFLAGS.ATIM | FSTFLAGS.ATIM_NOW)).toBe(ERRNO.INVAL);
    expect(set('absent', FSTFLAGS.ATIM)).toBe(ERRNO.NOENT);
  });

  it('a call uses 1024 buffers, and leaves the others for the next', () => {
    const f = make();
    const fd = f.create('file');
    const [iovecs, out] = [f.h.alloc(2000 * 8), f.h.alloc(4)];
    const letter = f.h.put('x')[0]!;
    for (let i = 0; i < 2000; i++) {
      f.h.view.setUint32(iovecs + 8 * i, letter, true);
      f.h.view.setUint32(iovecs + 8 * i + 4, i % 2, true);
    }
    expect(f.h.call('fd_write', fd, iovecs, 2000, out)).toBe(ERRNO.SUCCESS);
    expect(f.h.u32(out)).toBe(1000);
    for (let i = 0; i < 2000; i++) f.h.view.setUint32(iovecs + 8 * i + 4, 1, true);
    expect(f.h.call('fd_write', fd, iovecs, 2000, out)).toBe(ERRNO.SUCCESS);
    expect(f.h.u32(out)).toBe(1024);
    expect(f.h.call('fd_write', fd, iovecs, 0x20000000, out)).toBe(ERRNO.FAULT);
  });
});
