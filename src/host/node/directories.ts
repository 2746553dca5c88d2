/**
 * Walking a path without leaving a directory. Each directory on the way is opened and the next name is looked up below the
 * open directory (through /proc on Linux, which does what openat() does), so that somebody who exchanges a directory for a
 * symbolic link meanwhile leads nobody out. Elsewhere names are looked up by their whole path.
 */
import fs from 'node:fs';
import type { FileKind, FilePath, FileStatus, Located } from '../files.js';

/** As Linux: more links in one resolution are a loop. */
const SYMLINKS_MAX = 40;
const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = fs.constants;
const BY_DESCRIPTOR = process.platform === 'linux' && fs.existsSync('/proc/self/fd');

/** An open directory. */
interface Directory {
  readonly fd: number;
  /** What names below it are joined to. */
  readonly path: string;
  readonly name: string;
}

/** An error as node:fs throws them. */
export function posixError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** The directory that holds a name. */
export class Place {
  constructor(
    readonly directory: number,
    /** The name's own path on this machine, as long as the place is open. */
    readonly path: string,
  ) {}

  sync(): void {
    fs.fsyncSync(this.directory);
  }
}

/** Runs `use` with the place of a name; the path must not contain symbolic links. */
export function withPlace<T>(root: string, { path }: FilePath, use: (place: Place) => T): T {
  const walk = new Walk(root);
  try {
    const names = path.split('/');
    const last = names.pop()!;
    for (const name of names) walk.enter(name);
    return use(new Place(walk.top.fd, childPath(walk.top, last === '' ? '.' : last)));
  } finally {
    walk.close();
  }
}

/** Runs `use` with the path of an open directory, below which its names can be looked up. */
export function withDirectory<T>(root: string, { path }: FilePath, use: (path: string) => T): T {
  const walk = new Walk(root);
  try {
    walk.enterAll(path);
    return use(walk.top.path);
  } finally {
    walk.close();
  }
}

/** See {@link HostFiles.locate}. */
export function locate(root: string, base: FilePath, path: string, follow: boolean): Located {
  const walk = new Walk(root);
  try {
    walk.enterAll(base.path);
    return new Lookup(walk, base.mount, follow).run(path);
  } finally {
    walk.close();
  }
}

/** The directories from a mount's root to where we are, all open. */
class Walk {
  readonly #stack: Directory[];

  constructor(root: string) {
    this.#stack = [open(root, '')];
  }

  get depth(): number {
    return this.#stack.length;
  }

  get top(): Directory {
    return this.#stack.at(-1)!;
  }

  enter(name: string): void {
    this.#stack.push(open(childPath(this.top, name), name));
  }

  enterAll(path: string): void {
    if (path !== '') for (const name of path.split('/')) this.enter(name);
  }

  leave(): void {
    fs.closeSync(this.#stack.pop()!.fd);
  }

  /** From the root, without its own name. */
  names(): string[] {
    return this.#stack.slice(1).map(({ name }) => name);
  }

  close(): void {
    while (this.#stack.length > 0) this.leave();
  }
}

/** The root is the user's choice and may be a link; below it nothing is followed unseen. */
function open(path: string, name: string): Directory {
  const fd = fs.openSync(path, O_RDONLY | O_DIRECTORY | (name === '' ? 0 : O_NOFOLLOW));
  return { fd, path: BY_DESCRIPTOR ? `/proc/self/fd/${fd}` : path, name };
}

function childPath(directory: Directory, name: string): string {
  return `${directory.path}/${name}`;
}

class Lookup {
  readonly #walk: Walk;
  readonly #mount: number;
  readonly #follow: boolean;
  /** Depth of the directory that the guest started from. */
  readonly #floor: number;
  /** Names still to be walked, last one first. */
  readonly #pending: string[] = [];
  #links = 0;
  #mustBeDirectory = false;

  constructor(walk: Walk, mount: number, follow: boolean) {
    this.#walk = walk;
    this.#mount = mount;
    this.#follow = follow;
    this.#floor = walk.depth;
  }

  run(path: string): Located {
    if (path === '') throw posixError('ENOENT');
    this.#push(path);
    for (;;) {
      const name = this.#pending.pop();
      if (name === undefined) return this.#here();
      if (name === '.') continue;
      if (name === '..') this.#up();
      else {
        const found = this.#step(name);
        if (found !== undefined) return found;
      }
    }
  }

  /** Queues the names of a path or of a link's target. */
  #push(path: string): void {
    if (path.startsWith('/')) throw posixError('EPERM');
    if (this.#pending.length === 0 && path.endsWith('/')) this.#mustBeDirectory = true;
    this.#pending.push(
      ...path
        .split('/')
        .filter((name) => name !== '')
        .reverse(),
    );
  }

  #here(): Located {
    const status = statusOf(fs.fstatSync(this.#walk.top.fd, { bigint: true }));
    return { mount: this.#mount, path: this.#walk.names().join('/'), status };
  }

  #up(): void {
    if (this.#walk.depth === this.#floor) throw posixError('EPERM');
    this.#walk.leave();
  }

  /** Walks one name; returns the result if it was the last. */
  #step(name: string): Located | undefined {
    const host = childPath(this.#walk.top, name);
    const isLast = this.#pending.length === 0;
    const stat = fs.lstatSync(host, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined && !isLast) throw posixError('ENOENT');
    if (stat?.isSymbolicLink() && (!isLast || this.#follow || this.#mustBeDirectory)) {
      if (++this.#links > SYMLINKS_MAX) throw posixError('ELOOP');
      this.#push(fs.readlinkSync(host));
      return undefined;
    }
    if (isLast) return this.#result(name, stat);
    this.#walk.enter(name);
    return undefined;
  }

  #result(name: string, stat: fs.BigIntStats | undefined): Located {
    if (this.#mustBeDirectory && stat !== undefined && !stat.isDirectory()) throw posixError('ENOTDIR');
    const path = [...this.#walk.names(), name].join('/');
    return { mount: this.#mount, path, status: stat && statusOf(stat) };
  }
}

export function statusOf(stat: fs.BigIntStats): FileStatus {
  return {
    kind: kindOf(stat),
    inode: stat.ino,
    links: Number(stat.nlink),
    size: Number(stat.size),
    atimNs: stat.atimeNs,
    mtimNs: stat.mtimeNs,
    ctimNs: stat.ctimeNs,
  };
}

export function kindOf(entry: fs.BigIntStats): FileKind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'dir';
  return entry.isSymbolicLink() ? 'symlink' : 'other';
}
