/** The guest's file descriptors: plain data, numbered by the lowest-free rule of POSIX, the same on every replica. */
import type { StreamId } from '../host/services.js';
import { ERRNO, FILETYPE } from './abi.js';
import { fail } from './failure.js';

interface DescriptorBase {
  /** RIGHTS bits that apply to this descriptor. */
  rights: number;
  /** RIGHTS bits that descriptors opened through it may have. */
  inheriting: number;
  /** FDFLAGS bits. */
  flags: number;
}

export interface StdioDescriptor extends DescriptorBase {
  kind: 'stdio';
  stdio: 0 | 1 | 2;
  terminal: boolean;
}

/** Address and port as the guest gave them. */
export interface SocketAddress {
  /** Four bytes or sixteen. */
  readonly octets: readonly number[];
  readonly port: number;
}

/** A socket made by the WasmEdge extension that does not listen yet. */
export interface SocketDescriptor extends DescriptorBase {
  kind: 'socket';
  local: SocketAddress | null;
}

export interface ListenerDescriptor extends DescriptorBase {
  kind: 'listener';
  listener: number;
  /** Where the guest bound it; null for a preopened one. */
  local: SocketAddress | null;
  /** A preopened one that the guest has not touched yet: it blocks, unless the guest first asks whether it does (RATIONALE.md). */
  untouched?: true;
}

export interface StreamDescriptor extends DescriptorBase {
  kind: 'stream';
  stream: StreamId;
  /** Bytes that the guest has received and sent: what a gateway needs to resume the client's connection. */
  inputOffset: number;
  outputOffset: number;
  readShut: boolean;
  writeShut: boolean;
  /** Where the guest connected to; null for connections that it accepted. */
  peer: SocketAddress | null;
}

export interface FileDescriptor extends DescriptorBase {
  kind: 'file';
  mount: number;
  inode: number;
  /** In bytes; below 2^53. */
  offset: number;
}

export interface DirectoryDescriptor extends DescriptorBase {
  kind: 'dir';
  mount: number;
  inode: number;
  /** The guest's name of a preopened directory. */
  preopen: string | null;
  /** Names as of the last read from cookie 0: later cookies index it, so deletions between two reads skip nothing. */
  listing: string[] | null;
}

/** A file on shared storage. */
export interface SharedFileDescriptor extends DescriptorBase {
  kind: 'shared-file';
  mount: number;
  /** Where the next replica finds it, following renames; null once the guest has taken the name away. */
  path: string | null;
  /** Names what the live replica's host has open. */
  handle: number;
  /** Whether the host opens it for writing. */
  writable: boolean;
  /** In bytes; below 2^53. */
  offset: number;
}

/** A name in a directory, as logged: name, file type, inode number of the storage. */
export type SharedEntry = readonly [name: string, filetype: number, inode: bigint];

export interface SharedDirectoryDescriptor extends DescriptorBase {
  kind: 'shared-dir';
  mount: number;
  /** As for files. */
  path: string | null;
  preopen: string | null;
  /** As of the last read from cookie 0. */
  listing: readonly SharedEntry[] | null;
}

export type RegularFile = FileDescriptor | SharedFileDescriptor;
export type Directory = DirectoryDescriptor | SharedDirectoryDescriptor;

export type Descriptor =
  | StdioDescriptor
  | SocketDescriptor
  | ListenerDescriptor
  | StreamDescriptor
  | RegularFile
  | Directory;

/** Most descriptors a guest can have open at once; fixed, so that EMFILE comes at the same moment everywhere. */
export const DESCRIPTORS_MAX = 65536;

export class DescriptorTable {
  /** Index is the fd; the plain data of a snapshot. */
  readonly slots: (Descriptor | null)[];
  /** No fd below this one is free. */
  #lowestFree = 0;

  constructor(slots: (Descriptor | null)[] = []) {
    this.slots = slots;
  }

  find(fd: number): Descriptor | undefined {
    return this.slots[fd] ?? undefined;
  }

  /** The descriptor, or EBADF; ENOTCAPABLE if it lacks one of `rights`. */
  get(fd: number, rights = 0): Descriptor {
    const descriptor = this.slots[fd] ?? undefined;
    if (descriptor === undefined) return fail(ERRNO.BADF);
    if ((descriptor.rights & rights) !== rights) fail(ERRNO.NOTCAPABLE);
    return descriptor;
  }

  /** Fails with EMFILE when an insertion would. */
  checkRoom(): void {
    if (this.#nextFree() >= DESCRIPTORS_MAX) fail(ERRNO.MFILE);
  }

  /** Puts the descriptor on the lowest free fd. */
  insert(descriptor: Descriptor): number {
    const fd = this.#nextFree();
    if (fd >= DESCRIPTORS_MAX) fail(ERRNO.MFILE);
    this.slots[fd] = descriptor;
    this.#lowestFree = fd + 1;
    return fd;
  }

  /** Replaces whatever is at `fd`. */
  put(fd: number, descriptor: Descriptor): void {
    this.slots[fd] = descriptor;
  }

  remove(fd: number): void {
    this.slots[fd] = null;
    if (fd < this.#lowestFree) this.#lowestFree = fd;
    while (this.slots.length > 0 && this.slots.at(-1) === null) this.slots.pop();
  }

  /** Whether some descriptor is open on this inode of the private tree. */
  hasInode(inode: number): boolean {
    return this.slots.some((slot) => (slot?.kind === 'file' || slot?.kind === 'dir') && slot.inode === inode);
  }

  #nextFree(): number {
    let fd = this.#lowestFree;
    while (fd < this.slots.length && this.slots[fd] !== null) fd++;
    this.#lowestFree = fd;
    return fd;
  }
}

export function filetypeOf(descriptor: Descriptor): number {
  switch (descriptor.kind) {
    case 'stdio':
      return descriptor.terminal ? FILETYPE.CHARACTER_DEVICE : FILETYPE.UNKNOWN;
    case 'socket':
    case 'listener':
    case 'stream':
      return FILETYPE.SOCKET_STREAM;
    case 'file':
    case 'shared-file':
      return FILETYPE.REGULAR_FILE;
    case 'dir':
    case 'shared-dir':
      return FILETYPE.DIRECTORY;
  }
}
