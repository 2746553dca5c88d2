/** Builds the private tree from descriptions. */
import { FtWasmError, invariant } from '../../errors.js';
import { sharedBlocks } from './content.js';
import type { Preopen, TreeEntry } from './description.js';
import { emptyTree, type TreeState } from './inode.js';
import { Tree } from './tree.js';

/** Inode numbers follow the paths' order, not the order of the description: hosts list directories as they like. */
export function loadTree(preopens: readonly Preopen[]): TreeState {
  const state = emptyTree();
  const tree = new Tree(state, () => 0n);
  for (const { guest, mode, entries } of preopens) {
    const root = tree.addRoot();
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
  addNamed(tree, directory, last, entry);
}

/** The directory of that name, made if missing; undefined if something else has the name. */
function enter(tree: Tree, directory: number, name: string): number | undefined {
  const existing = tree.directory(directory).entries.get(name);
  if (existing !== undefined) return tree.get(existing).kind === 'dir' ? existing : undefined;
  return tree.addDirectory(directory, name);
}

function addNamed(tree: Tree, directory: number, name: string, entry: TreeEntry): void {
  switch (entry.kind) {
    case 'dir':
      tree.addDirectory(directory, name);
      return;
    case 'symlink':
      tree.addSymlink(directory, name, entry.target);
      return;
    case 'file':
      fill(tree, tree.addFile(directory, name), entry.bytes);
  }
}

function fill(tree: Tree, inode: number, bytes: Uint8Array): void {
  const file = tree.get(inode);
  invariant(file.kind === 'file', 'a new file is a file');
  file.blocks.push(...sharedBlocks(bytes));
  file.size = bytes.length;
  tree.state.usedBytes += bytes.length;
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
