/** What the log keeps of files on shared storage. */
import type { FileKind, FileStatus } from '../../host/files.js';
import type { LoggedValue } from '../../log/entry.js';
import { FILETYPE } from '../abi.js';
import type { SharedEntry } from '../descriptors.js';
import type { Filestat } from '../fs/filestat.js';

const FILETYPES: Readonly<Record<FileKind, number>> = {
  file: FILETYPE.REGULAR_FILE,
  dir: FILETYPE.DIRECTORY,
  symlink: FILETYPE.SYMBOLIC_LINK,
  other: FILETYPE.UNKNOWN,
};

/** Instead of a file type: nothing has that name. */
export const NOTHING = -1;

export function filetypeOf(kind: FileKind | undefined): number {
  return kind === undefined ? NOTHING : FILETYPES[kind];
}

/** file type, inode, links, size, atim, mtim, ctim. */
export type LoggedStatus = readonly [number, bigint, number, number, bigint, bigint, bigint];

export function logStatus(status: FileStatus): LoggedStatus {
  const { kind, inode, links, size, atimNs, mtimNs, ctimNs } = status;
  return [filetypeOf(kind), inode, links, size, atimNs, mtimNs, ctimNs];
}

export function isStatus(value: LoggedValue): value is LoggedStatus {
  return isTuple(value, ['number', 'bigint', 'number', 'number', 'bigint', 'bigint', 'bigint']);
}

/** The device is the mount, as for private files: the host's own differs between machines. */
export function toFilestat(mount: number, status: LoggedStatus): Filestat {
  const [filetype, inode, links, size, atimNs, mtimNs, ctimNs] = status;
  return { device: mount + 1, inode, filetype, links, size, atimNs, mtimNs, ctimNs };
}

export function isListing(value: LoggedValue): value is readonly SharedEntry[] {
  return Array.isArray(value) && value.every((entry) => isTuple(entry, ['string', 'number', 'bigint']));
}

type Plain = { number: number; bigint: bigint; string: string };

export function isTuple<T extends readonly (keyof Plain)[]>(
  value: LoggedValue,
  types: readonly [...T],
): value is { readonly [K in keyof T]: Plain[T[K]] } {
  return Array.isArray(value) && value.length === types.length && types.every((type, at) => typeof value[at] === type);
}
