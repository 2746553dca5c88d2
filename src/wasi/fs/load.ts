/** Builds the private tree from descriptions. */
import { FtWasmError } from '../../errors.js';
import type { Preopen, TreeEntry } from './description.js';
import { emptyTree, type TreeState } from './inode.js';
import { Tree } from './tree.js';

/** Inode numbers follow the paths' order, not the order of the description: hosts list directories as they like. */
export function loadTree(preopens: readonly Preopen[]): TreeState {
  const state = emptyTree();
  const tree = new Tree(state, () => 0n);
  for (const { guest, mode, entries } of preopens) {
    const root = tree.makeDirectory();
    state.mounts.push({ guest, mode, root });
    const sorted = [...entries].sort((left, right) => (left.path < right.path ? -1 : left.path > right.path ? 1 : 0));
    for (const entry of sorted) addEntry(tree, guest, root, entry);
  }
  return state;
}

function addEntry(tree: Tree, guest: string, root: number, entry: TreeEntry): void {
  const names = entry.path.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..'))
    throw badEntry(guest, entry, 'is not relative');
  const last = names.pop()!;
  let directory = root;
  for (const name of names) directory = enter(tree, directory, name) ?? raise(badEntry(guest, entry, 'lies in a file'));
  const existing = tree.directory(directory).entries.get(last);
  if (existing !== undefined && entry.kind === 'dir' && tree.get(existing).kind === 'dir') return;
  if (existing !== undefined) throw badEntry(guest, entry, 'exists twice');
  tree.link(directory, last, makeInode(tree, directory, entry));
}

/** The directory of that name, made if missing; undefined if something else has the name. */
function enter(tree: Tree, directory: number, name: string): number | undefined {
  const existing = tree.directory(directory).entries.get(name);
  if (existing !== undefined) return tree.get(existing).kind === 'dir' ? existing : undefined;
  const made = tree.makeDirectory(directory);
  tree.link(directory, name, made);
  return made;
}

function makeInode(tree: Tree, directory: number, entry: TreeEntry): number {
  switch (entry.kind) {
    case 'dir':
      return tree.makeDirectory(directory);
    case 'symlink':
      return tree.makeSymlink(entry.target);
    case 'file': {
      const inode = tree.makeFile();
      const file = tree.get(inode);
      if (file.kind === 'file') {
        file.bytes = entry.bytes.slice();
        file.size = entry.bytes.length;
        tree.state.usedBytes += file.size;
      }
      return inode;
    }
  }
}

function raise(error: Error): never {
  throw error;
}

function badEntry(guest: string, entry: TreeEntry, reason: string): FtWasmError {
  return new FtWasmError('FTW_USAGE', `directory ${guest}: path ${JSON.stringify(entry.path)} ${reason}`, {
    guest,
    path: entry.path,
  });
}
