/** Reads a host directory into a plain description. */
import type { Dirent } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { FtWasmError } from '../../errors.js';
import type { TreeEntry } from '../tree.js';

/**
 * Everything below `directory`, sorted by path. Symbolic links stay links; sockets, devices and pipes are left out, as a
 * replica cannot hold them. Rejects with FTW_IO, naming the path that could not be read.
 */
export async function loadTree(directory: string): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  await readInto(entries, directory, '');
  return entries.sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** Rejects with FTW_IO if `directory` is none, or cannot be read. */
export async function checkDirectory(directory: string): Promise<void> {
  await orFail(directory, (host) => readdir(host));
}

async function readInto(entries: TreeEntry[], root: string, below: string): Promise<void> {
  const listing = await orFail(path.join(root, below), (host) => readdir(host, { withFileTypes: true }));
  for (const dirent of listing) {
    const relative = below === '' ? dirent.name : `${below}/${dirent.name}`;
    const entry = await readEntry(path.join(root, relative), relative, dirent);
    if (entry === undefined) continue;
    entries.push(entry);
    if (entry.kind === 'dir') await readInto(entries, root, relative);
  }
}

async function readEntry(host: string, relative: string, dirent: Dirent): Promise<TreeEntry | undefined> {
  if (dirent.isDirectory()) return { path: relative, kind: 'dir' };
  if (dirent.isFile()) return { path: relative, kind: 'file', bytes: await orFail(host, readPlain) };
  if (dirent.isSymbolicLink())
    return { path: relative, kind: 'symlink', target: await orFail(host, (at) => readlink(at)) };
  return undefined;
}

/** A plain array: node's Buffer may share its memory with others. */
async function readPlain(host: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(host));
}

async function orFail<T>(host: string, read: (host: string) => Promise<T>): Promise<T> {
  try {
    return await read(host);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new FtWasmError('FTW_IO', `${host} cannot be read: ${message}`, { path: host, code }, { cause });
  }
}
