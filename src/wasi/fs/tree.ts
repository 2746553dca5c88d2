/** Operations on the private tree: making, naming and releasing inodes. All of it deterministic; errors are errnos. */
import { invariant } from '../../errors.js';
import { ERRNO } from '../abi.js';
import { fail } from '../failure.js';
import type { DirectoryInode, Inode, InodeTimes, TreeState } from './inode.js';

/** 1980-01-02: no file is older. Programs that write archives fail on a year that zip does not know. */
export const OLDEST_FILE_NS = 315_619_200_000_000_000n;

export class Tree {
  readonly state: TreeState;
  readonly #now: () => bigint;

  /** `now`: virtual realtime in nanoseconds, 0 until the guest has seen a clock. */
  constructor(state: TreeState, now: () => bigint) {
    this.state = state;
    this.#now = () => (now() > OLDEST_FILE_NS ? now() : OLDEST_FILE_NS);
  }

  get(inode: number): Inode {
    const found = this.state.inodes.get(inode);
    invariant(found !== undefined, `inode ${inode} is named but does not exist`);
    return found;
  }

  /** The directory, or ENOTDIR. */
  directory(inode: number): DirectoryInode {
    const found = this.get(inode);
    return found.kind === 'dir' ? found : fail(ERRNO.NOTDIR);
  }

  /** EROFS if the mount was preopened read-only. */
  checkWritable(mount: number): void {
    if (this.state.mounts[mount]?.mode === 'ro') fail(ERRNO.ROFS);
  }

  /** The root directory of a mount. */
  addRoot(): number {
    const parent = this.state.nextInode;
    return this.#add({ kind: 'dir', entries: new Map(), parent, links: 1, ...this.#times() });
  }

  addFile(directory: number, name: string): number {
    this.#checkAlive(directory);
    const inode = this.#add({ kind: 'file', blocks: [], size: 0, links: 0, ...this.#times() });
    return this.link(directory, name, inode);
  }

  addDirectory(directory: number, name: string): number {
    this.#checkAlive(directory);
    const inode = this.#add({ kind: 'dir', entries: new Map(), parent: directory, links: 0, ...this.#times() });
    return this.link(directory, name, inode);
  }

  addSymlink(directory: number, name: string, target: string): number {
    this.#checkAlive(directory);
    return this.link(directory, name, this.#add({ kind: 'symlink', target, links: 0, ...this.#times() }));
  }

  /** Gives `inode` a name in a directory that has no such name; ENOENT if the directory itself was removed. */
  link(directory: number, name: string, inode: number): number {
    this.#checkAlive(directory);
    const parent = this.directory(directory);
    invariant(!parent.entries.has(name), `name ${name} is taken`);
    parent.entries.set(name, inode);
    const target = this.get(inode);
    target.links++;
    target.ctimNs = this.#now();
    if (target.kind === 'dir') target.parent = directory;
    this.touch(parent);
    return inode;
  }

  /** Takes a name away; the inode itself stays until {@link release}. */
  unlink(directory: number, name: string): number {
    const parent = this.directory(directory);
    const inode = parent.entries.get(name);
    invariant(inode !== undefined, `name ${name} does not exist`);
    parent.entries.delete(name);
    const target = this.get(inode);
    target.links--;
    target.ctimNs = this.#now();
    // A removed directory may outlive the one above it.
    if (target.kind === 'dir') target.parent = inode;
    this.touch(parent);
    return inode;
  }

  /** Forgets an inode that has neither a name nor, as the caller knows, a descriptor. */
  release(inode: number): void {
    const found = this.get(inode);
    if (found.links > 0) return;
    if (found.kind === 'file') this.state.usedBytes -= found.size;
    this.state.inodes.delete(inode);
  }

  /** Whether `inode` is `ancestor` or lies below it. */
  isWithin(inode: number, ancestor: number): boolean {
    for (let at = inode; ; ) {
      if (at === ancestor) return true;
      const { parent } = this.directory(at);
      if (parent === at) return false;
      at = parent;
    }
  }

  touch(inode: Inode): void {
    inode.mtimNs = this.#now();
    inode.ctimNs = inode.mtimNs;
  }

  get nowNs(): bigint {
    return this.#now();
  }

  #checkAlive(directory: number): void {
    if (this.directory(directory).links === 0) fail(ERRNO.NOENT);
  }

  #times(): InodeTimes {
    const now = this.#now();
    return { atimNs: now, mtimNs: now, ctimNs: now };
  }

  #add(inode: Inode): number {
    const number = this.state.nextInode++;
    this.state.inodes.set(number, inode);
    return number;
  }
}

/** Names in the order of their code points, which is the order of their UTF-8 bytes (and not that of UTF-16 units). */
export function sortedNames(names: Iterable<string>): string[] {
  return [...names].sort(compareCodePoints);
}

function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return codeUnitRank(a) - codeUnitRank(b);
  }
  return left.length - right.length;
}

/** Surrogates stand for code points above all others. */
function codeUnitRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
