/** Path and file calls with plain arguments and results, for tests of the private tree. */

import { LOOKUP_SYMLINK_FOLLOW, OFLAGS, RIGHTS } from '../../../src/wasi/abi.js';
import type { TreeEntry, TreeMode } from '../../../src/wasi/fs/description.js';
import { Harness } from './harness.js';

/** The preopened directory of {@link files}. */
export const ROOT = 3;
const OUT = 64;
const ALL_RIGHTS = (1n << 30n) - 1n;

export interface OpenOptions {
  readonly oflags?: number;
  readonly rights?: bigint;
  readonly fdflags?: number;
  readonly follow?: boolean;
}

/** A guest with one preopened directory at fd 3. */
export function files(entries: readonly TreeEntry[] = [], mode: TreeMode = 'private'): Files {
  return new Files(new Harness({ config: { preopens: [{ guest: '/data', mode, entries }] } }));
}

export function text(path: string, content: string): TreeEntry {
  return { path, kind: 'file', bytes: new TextEncoder().encode(content) };
}

export class Files {
  constructor(readonly h: Harness) {}

  /** The new descriptor, or the negative errno. */
  open(path: string, options: OpenOptions = {}, directory = ROOT): number {
    const { oflags = 0, fdflags = 0, follow = true } = options;
    // As C libraries do: a directory is not asked for the right to write.
    const { rights = oflags & OFLAGS.DIRECTORY ? ALL_RIGHTS & ~BigInt(RIGHTS.FD_WRITE) : ALL_RIGHTS } = options;
    const lookup = follow ? LOOKUP_SYMLINK_FOLLOW : 0;
    const errno = this.h.call(
      'path_open',
      directory,
      lookup,
      ...this.h.put(path),
      oflags,
      rights,
      ALL_RIGHTS,
      fdflags,
      OUT,
    );
    return errno === 0 ? this.h.u32(OUT) : -errno;
  }

  create(path: string, content = ''): number {
    const fd = this.open(path, { oflags: OFLAGS.CREAT });
    if (content !== '') this.write(fd, content);
    return fd;
  }

  /** How many bytes were written, or the negative errno. */
  write(fd: number, content: string): number {
    return this.#count(this.h.call('fd_write', fd, ...this.h.source(content), OUT));
  }

  pwrite(fd: number, content: string, offset: bigint): number {
    return this.#count(this.h.call('fd_pwrite', fd, ...this.h.source(content), offset, OUT));
  }

  read(fd: number, length = 1000): string | number {
    const buffer = this.h.alloc(length);
    return this.#text(this.h.call('fd_read', fd, ...this.h.iovec(buffer, length), OUT), buffer);
  }

  pread(fd: number, offset: bigint, length = 1000): string | number {
    const buffer = this.h.alloc(length);
    return this.#text(this.h.call('fd_pread', fd, ...this.h.iovec(buffer, length), offset, OUT), buffer);
  }

  /** The whole content of a file, by its name. */
  content(path: string): string | number {
    const fd = this.open(path);
    if (fd < 0) return fd;
    const found = this.read(fd, 4000);
    this.h.call('fd_close', fd);
    return found;
  }

  /** The new offset, or the negative errno as bigint. */
  seek(fd: number, offset: bigint, whence: number): bigint {
    const errno = this.h.call('fd_seek', fd, offset, whence, OUT);
    return errno === 0 ? this.h.u64(OUT) : BigInt(-errno);
  }

  stat(path: string, follow = true): ReturnType<Files['filestat']> | number {
    const errno = this.h.call('path_filestat_get', ROOT, follow ? 1 : 0, ...this.h.put(path), OUT);
    return errno === 0 ? this.filestat(OUT) : -errno;
  }

  fdStat(fd: number): ReturnType<Files['filestat']> | number {
    const errno = this.h.call('fd_filestat_get', fd, OUT);
    return errno === 0 ? this.filestat(OUT) : -errno;
  }

  filestat(at: number) {
    const { h } = this;
    return {
      device: Number(h.u64(at)),
      inode: Number(h.u64(at + 8)),
      filetype: h.bytes[at + 16]!,
      links: Number(h.u64(at + 24)),
      size: Number(h.u64(at + 32)),
      atim: h.u64(at + 40),
      mtim: h.u64(at + 48),
      ctim: h.u64(at + 56),
    };
  }

  mkdir(path: string, directory = ROOT): number {
    return this.h.call('path_create_directory', directory, ...this.h.put(path));
  }

  rmdir(path: string): number {
    return this.h.call('path_remove_directory', ROOT, ...this.h.put(path));
  }

  unlink(path: string): number {
    return this.h.call('path_unlink_file', ROOT, ...this.h.put(path));
  }

  symlink(target: string, path: string): number {
    return this.h.call('path_symlink', ...this.h.put(target), ROOT, ...this.h.put(path));
  }

  link(from: string, to: string, lookup = 0): number {
    return this.h.call('path_link', ROOT, lookup, ...this.h.put(from), ROOT, ...this.h.put(to));
  }

  rename(from: string, to: string): number {
    return this.h.call('path_rename', ROOT, ...this.h.put(from), ROOT, ...this.h.put(to));
  }

  readlink(path: string, length = 100): string | number {
    const buffer = this.h.alloc(length);
    return this.#text(this.h.call('path_readlink', ROOT, ...this.h.put(path), buffer, length, OUT), buffer);
  }

  /** Names, through a buffer of `length` bytes read again and again as guests do. */
  list(fd = ROOT, length = 4096): string[] {
    const names: string[] = [];
    let cookie = 0n;
    for (;;) {
      const page = this.readdir(fd, cookie, length);
      names.push(...page.entries.map(({ name }) => name));
      if (page.used < length || page.entries.length === 0) return names;
      cookie = page.entries.at(-1)!.next;
    }
  }

  /** The whole entries of one fd_readdir. */
  readdir(fd: number, cookie: bigint, length = 4096) {
    const { h } = this;
    const buffer = h.alloc(length);
    const errno = h.call('fd_readdir', fd, buffer, length, cookie, OUT);
    if (errno !== 0) throw new Error(`fd_readdir: errno ${errno}`);
    const used = h.u32(OUT);
    const entries: { next: bigint; inode: number; filetype: number; name: string }[] = [];
    for (let at = 0; at + 24 <= used; ) {
      const nameLength = h.u32(buffer + at + 16);
      if (at + 24 + nameLength > used) break;
      const name = h.text(buffer + at + 24, nameLength);
      const [next, inode] = [h.u64(buffer + at), Number(h.u64(buffer + at + 8))];
      entries.push({ next, inode, filetype: h.bytes[buffer + at + 20]!, name });
      at += 24 + nameLength;
    }
    return { used, entries };
  }

  #count(errno: number): number {
    return errno === 0 ? this.h.u32(OUT) : -errno;
  }

  #text(errno: number, buffer: number): string | number {
    return errno === 0 ? this.h.text(buffer, this.h.u32(OUT)) : -errno;
  }
}
