/** Names on shared storage, in directories that the guest holds open. */
import type { FilePath, HostFiles, Located } from '../../host/files.js';
import type { LoggedValue } from '../../log/entry.js';
import { DIRENT_BYTES, ERRNO, FILETYPE, NAME_BYTES_MAX, PATH_BYTES_MAX } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { SharedDirectoryDescriptor, SharedEntry } from '../descriptors.js';
import { fail } from '../failure.js';
import { sortedNames } from '../fs/tree.js';
import { filetypeOf, isListing, isTuple } from './status.js';
import { look } from './steps.js';

const utf8 = new TextEncoder();

/** A path argument, and the directory it starts from. */
export interface SharedTarget {
  readonly directory: SharedDirectoryDescriptor;
  readonly path: string;
  readonly follow: boolean;
}

/** What was found there: canonical path, file type (or NOTHING). */
export type Found = readonly [path: string, filetype: number];

/** The errors of a path that need no storage to be seen. */
export function checkPath(path: string): void {
  if (path === '') fail(ERRNO.NOENT);
  if (utf8.encode(path).length >= PATH_BYTES_MAX) fail(ERRNO.NAMETOOLONG);
  if (path.startsWith('/')) fail(ERRNO.PERM);
  for (const name of path.split('/')) if (utf8.encode(name).length > NAME_BYTES_MAX) fail(ERRNO.NAMETOOLONG);
}

/** ENOENT once the guest has removed the directory itself. */
export function directoryPath({ mount, path }: SharedDirectoryDescriptor): FilePath {
  return { mount, path: path ?? fail(ERRNO.NOENT) };
}

export function find(files: HostFiles, { directory, path, follow }: SharedTarget): Located {
  return files.locate(directoryPath(directory), path, follow);
}

/** Looks a path up and goes on with what is there. */
export function locate(target: SharedTarget, next: (found: Found, name: FilePath) => WasiStep): WasiStep {
  const { mount } = directoryPath(target.directory);
  checkPath(target.path);
  return look<Found>({
    ask: (files) => toFound(find(files, target)),
    accepts: isFound,
    next: (found) => next(found, { mount, path: found[0] }),
  });
}

export function toFound({ path, status }: Located): Found {
  return [path, filetypeOf(status?.kind)];
}

export function isFound(value: LoggedValue): value is Found {
  return isTuple(value, ['string', 'number']);
}

/** Reads the directory anew. */
export function listShared(directory: SharedDirectoryDescriptor, next: () => WasiStep): WasiStep {
  const at = directoryPath(directory);
  return look<readonly SharedEntry[]>({
    ask: (files) => listing(files, at),
    accepts: isListing,
    next: (entries) => {
      directory.listing = entries;
      return next();
    },
  });
}

/** What lies above a preopened directory is not the guest's business: its `..` is itself. */
function listing(files: HostFiles, at: FilePath): SharedEntry[] {
  const byName = new Map(files.list(at).map((entry) => [entry.name, entry]));
  const inodeOf = (path: string) => files.locate({ mount: at.mount, path }, '.', false).status?.inode ?? 0n;
  const parent = at.path.includes('/') ? at.path.slice(0, at.path.lastIndexOf('/')) : '';
  return [
    ['.', FILETYPE.DIRECTORY, inodeOf(at.path)],
    ['..', FILETYPE.DIRECTORY, inodeOf(parent)],
    ...sortedNames(byName.keys()).map((name): SharedEntry => {
      const { kind, inode } = byName.get(name)!;
      return [name, filetypeOf(kind), inode];
    }),
  ];
}

/** Descriptors follow what they are open on: to its new name, or (null) to none. */
export function moveOpen(ctx: WasiContext, { mount, path: from }: FilePath, to: string | null): void {
  for (const slot of ctx.fds.slots) {
    if (slot?.kind !== 'shared-file' && slot?.kind !== 'shared-dir') continue;
    if (slot.mount !== mount || slot.path === null) continue;
    if (slot.path === from) slot.path = to;
    else if (slot.path.startsWith(`${from}/`)) slot.path = to === null ? null : to + slot.path.slice(from.length);
  }
}

/** One dirent and its name. */
export function encodeEntry(cookie: number, [name, filetype, inode]: SharedEntry): Uint8Array {
  const bytes = utf8.encode(name);
  const entry = new Uint8Array(DIRENT_BYTES + bytes.length);
  const view = new DataView(entry.buffer);
  view.setBigUint64(0, BigInt(cookie), true);
  view.setBigUint64(8, inode, true);
  view.setUint32(16, bytes.length, true);
  view.setUint8(20, filetype);
  entry.set(bytes, DIRENT_BYTES);
  return entry;
}
