/**
 * Path resolution inside one directory: `..` and symbolic links are followed by name, and nothing leads above the directory
 * that the guest holds a descriptor for (EPERM, as in Wasmtime).
 */
import { ERRNO, NAME_BYTES_MAX, PATH_BYTES_MAX } from '../abi.js';
import { fail } from '../failure.js';
import type { Tree } from './tree.js';

/** As Linux: more links in one resolution are a loop. */
const SYMLINKS_MAX = 40;

const utf8 = new TextEncoder();

export interface Resolved {
  /** The directory that holds (or would hold) the name. */
  readonly parent: number;
  /** The last name; '.' if the path leads to the starting directory itself or ends in `.` or `..`. */
  readonly name: string;
  /** What is there; undefined if nothing has that name yet. */
  readonly inode: number | undefined;
  /** The path ended in a slash: only a directory will do. */
  readonly mustBeDirectory: boolean;
}

/**
 * A path that names what is to be made or taken away, without the slashes at its end: they say that it is a directory, and not, as
 * elsewhere, that a symbolic link of that name is followed (Linux).
 */
export function withoutSlashes(path: string): string {
  return path.replace(/(?<=[^/])\/+$/, '');
}

/** `follow`: whether a symbolic link in last place is followed. ENOENT, ENOTDIR, ELOOP, EPERM, ENAMETOOLONG. */
export function resolvePath(tree: Tree, base: number, path: string, follow: boolean): Resolved {
  return new Resolver(tree, base, follow).run(path);
}

class Resolver {
  readonly #tree: Tree;
  readonly #follow: boolean;
  /** Directories from the base to where we are. */
  readonly #stack: number[];
  /** Names still to be walked, last one first. */
  readonly #pending: string[] = [];
  #links = 0;
  #mustBeDirectory = false;

  constructor(tree: Tree, base: number, follow: boolean) {
    this.#tree = tree;
    this.#follow = follow;
    this.#stack = [base];
  }

  run(path: string): Resolved {
    if (path === '') fail(ERRNO.NOENT);
    if (utf8.encode(path).length >= PATH_BYTES_MAX) fail(ERRNO.NAMETOOLONG);
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
    if (path.startsWith('/')) fail(ERRNO.PERM);
    const isLast = this.#pending.length === 0;
    if (isLast && path.endsWith('/')) this.#mustBeDirectory = true;
    const names = path.split('/').filter((name) => name !== '');
    for (let at = names.length - 1; at >= 0; at--) this.#pending.push(names[at]!);
  }

  get #top(): number {
    return this.#stack.at(-1)!;
  }

  #here(): Resolved {
    return { parent: this.#top, name: '.', inode: this.#top, mustBeDirectory: true };
  }

  #up(): void {
    if (this.#stack.length === 1) fail(ERRNO.PERM);
    this.#stack.pop();
  }

  /** Walks one name; returns the result if it was the last. */
  #step(name: string): Resolved | undefined {
    if (name.length > NAME_BYTES_MAX || utf8.encode(name).length > NAME_BYTES_MAX) fail(ERRNO.NAMETOOLONG);
    const parent = this.#top;
    const inode = this.#tree.directory(parent).entries.get(name);
    const isLast = this.#pending.length === 0;
    if (inode === undefined) return isLast ? this.#result(parent, name, inode) : fail(ERRNO.NOENT);
    const found = this.#tree.get(inode);
    if (found.kind === 'symlink' && (!isLast || this.#follow || this.#mustBeDirectory)) {
      if (++this.#links > SYMLINKS_MAX) fail(ERRNO.LOOP);
      this.#push(found.target);
      return undefined;
    }
    if (isLast) return this.#result(parent, name, inode);
    if (found.kind !== 'dir') fail(ERRNO.NOTDIR);
    this.#stack.push(inode);
    return undefined;
  }

  #result(parent: number, name: string, inode: number | undefined): Resolved {
    const mustBeDirectory = this.#mustBeDirectory;
    if (mustBeDirectory && inode !== undefined && this.#tree.get(inode).kind !== 'dir') fail(ERRNO.NOTDIR);
    return { parent, name, inode, mustBeDirectory };
  }
}
