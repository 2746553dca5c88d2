/**
 * The state as a value for snapshots: only arrays, plain objects, numbers, bigints, strings and byte arrays, sharing nothing
 * with the running guest. Maps become lists of pairs, and spare capacity of files is dropped.
 */
import { FtWasmError } from '../errors.js';
import type { Descriptor } from './descriptors.js';
import type { Inode } from './fs/inode.js';
import { type InodeSnapshot, type WasiSnapshot, wrongPart } from './snapshot-shape.js';
import type { WasiState } from './state.js';

/** Raised with every change of the shape below. */
export const WASI_STATE_VERSION = 2;

export type { WasiSnapshot } from './snapshot-shape.js';

export function exportState(state: WasiState): WasiSnapshot {
  const { clocks, random, descriptors, tree } = state;
  return {
    version: WASI_STATE_VERSION,
    clocks: { ...clocks },
    random: { seed: random.seed?.slice() ?? null, offset: random.offset },
    descriptors: descriptors.map(copyDescriptor),
    mounts: tree.mounts.map((mount) => ({ ...mount })),
    inodes: [...tree.inodes].map(([number, inode]) => [number, exportInode(inode)] as const),
    nextInode: tree.nextInode,
    nextHandle: state.nextHandle,
  };
}

/** @throws FTW_LOG_FORMAT for a state of another version, and for what is no state of a guest at all */
export function importState(snapshot: WasiSnapshot): WasiState {
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
  const inodes = new Map(snapshot.inodes.map(([number, inode]) => [number, importInode(inode)]));
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

function exportInode(inode: Inode): InodeSnapshot {
  switch (inode.kind) {
    case 'file': {
      const { size, ...rest } = inode;
      return { ...rest, bytes: inode.bytes.slice(0, size) };
    }
    case 'dir':
      return { ...inode, entries: [...inode.entries] };
    case 'symlink':
      return { ...inode };
  }
}

function importInode(inode: InodeSnapshot): Inode {
  switch (inode.kind) {
    case 'file':
      return { ...inode, bytes: inode.bytes.slice(), size: inode.bytes.length };
    case 'dir':
      return { ...inode, entries: new Map('entries' in inode ? inode.entries : []) };
    case 'symlink':
      return { ...inode };
  }
}
