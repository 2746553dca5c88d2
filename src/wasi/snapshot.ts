/**
 * The state as a value for snapshots: only arrays, plain objects, numbers, bigints, strings and byte arrays. It stays as it
 * is while the guest runs on. Maps become lists of pairs. What files hold can be left out, to travel by itself.
 */
import { FtWasmError } from '../errors.js';
import type { Descriptor } from './descriptors.js';
import { shareBlocks } from './fs/content.js';
import { BLOCK_BYTES, type Block, type FileInode, type Inode } from './fs/inode.js';
import { type InodeSnapshot, type WasiSnapshot, wrongPart } from './snapshot-shape.js';
import type { WasiState } from './state.js';

/** Raised with every change of the shape below. */
export const WASI_STATE_VERSION = 3;

export type { WasiSnapshot } from './snapshot-shape.js';

/** What files hold, in blocks of {@link BLOCK_BYTES} by inode; what a block lacks at its end is zero. */
export type FileContents = ReadonlyMap<number, readonly Uint8Array[]>;

/** All of the state. */
export function exportState(state: WasiState): WasiSnapshot {
  const contents = exportContents(state);
  const inodes = exportInodes(state, (number, { size }) => trimmed(contents.get(number)!, size));
  return { ...exportRest(state), inodes };
}

/** The state but for what {@link exportContents} has. */
export function exportWithoutContents(state: WasiState): WasiSnapshot {
  return { ...exportRest(state), inodes: exportInodes(state, () => []) };
}

/** Costs as much as there are blocks, however full: a block that is the same as in the last export has not changed. */
export function exportContents({ tree }: WasiState): FileContents {
  const contents = new Map<number, Uint8Array[]>();
  for (const [number, inode] of tree.inodes) if (inode.kind === 'file') contents.set(number, shareBlocks(inode));
  return contents;
}

function exportRest(state: WasiState): Omit<WasiSnapshot, 'inodes'> {
  const { clocks, random, descriptors, tree } = state;
  return {
    version: WASI_STATE_VERSION,
    clocks: { ...clocks },
    random: { seed: random.seed?.slice() ?? null, offset: random.offset },
    descriptors: descriptors.map(copyDescriptor),
    mounts: tree.mounts.map((mount) => ({ ...mount })),
    nextInode: tree.nextInode,
    nextHandle: state.nextHandle,
  };
}

/**
 * `contents`: of files whose blocks were left out. The state shares them with whoever has them.
 * @throws FTW_LOG_FORMAT for a state of another version, and for what is no state of a guest at all
 */
export function importState(snapshot: WasiSnapshot, contents: FileContents = new Map()): WasiState {
  if (snapshot.version !== WASI_STATE_VERSION) {
    throw new FtWasmError(
      'FTW_LOG_FORMAT',
      `the WASI state has version ${snapshot.version}; this program reads ${WASI_STATE_VERSION}`,
      { version: snapshot.version },
    );
  }
  const wrong = wrongPart(snapshot);
  if (wrong !== undefined) {
    throw new FtWasmError('FTW_LOG_FORMAT', `the WASI state is damaged: ${wrong} cannot be so`, { part: wrong });
  }
  const inodes = new Map(snapshot.inodes.map(([number, inode]) => [number, importInode(inode, contents.get(number))]));
  let usedBytes = 0;
  for (const inode of inodes.values()) usedBytes += inode.kind === 'file' ? inode.size : 0;
  return {
    clocks: { ...snapshot.clocks },
    random: { seed: snapshot.random.seed?.slice() ?? null, offset: snapshot.random.offset },
    descriptors: snapshot.descriptors.map(copyDescriptor),
    tree: { mounts: snapshot.mounts.map((mount) => ({ ...mount })), inodes, nextInode: snapshot.nextInode, usedBytes },
    nextHandle: snapshot.nextHandle,
  };
}

function copyDescriptor(descriptor: Descriptor | null): Descriptor | null {
  if (descriptor?.kind === 'dir') return { ...descriptor, listing: descriptor.listing?.slice() ?? null };
  if (descriptor?.kind === 'shared-dir') return { ...descriptor, listing: descriptor.listing?.slice() ?? null };
  return descriptor === null ? null : { ...descriptor };
}

function exportInodes(
  { tree }: WasiState,
  blocksOf: (number: number, file: FileInode) => Uint8Array[],
): WasiSnapshot['inodes'] {
  return [...tree.inodes].map(([number, inode]) => [number, exportInode(number, inode, blocksOf)] as const);
}

function exportInode(
  number: number,
  inode: Inode,
  blocksOf: (number: number, file: FileInode) => Uint8Array[],
): InodeSnapshot {
  switch (inode.kind) {
    case 'file':
      return { ...inode, blocks: blocksOf(number, inode) };
    case 'dir':
      return { ...inode, entries: [...inode.entries] };
    case 'symlink':
      return { ...inode };
  }
}

function importInode(inode: InodeSnapshot, contents: readonly Uint8Array[] | undefined): Inode {
  switch (inode.kind) {
    case 'file':
      return { ...inode, blocks: importBlocks(contents ?? inode.blocks, inode.size) };
    case 'dir':
      return { ...inode, entries: new Map('entries' in inode ? inode.entries : []) };
    case 'symlink':
      return { ...inode };
  }
}

/** As many blocks as the size needs. */
function importBlocks(contents: readonly Uint8Array[], size: number): Block[] {
  const count = Math.ceil(size / BLOCK_BYTES);
  const all = Array.from({ length: count }, (_, at) => contents[at] ?? new Uint8Array(0));
  return trimmed(all, size).map((bytes) => ({ bytes, shared: true }));
}

/** Nothing behind the end of the file. */
function trimmed(blocks: readonly Uint8Array[], size: number): Uint8Array[] {
  return blocks.map((bytes, at) => bytes.subarray(0, size - at * BLOCK_BYTES));
}
