/**
 * The WASI state of a snapshot as plain values, and whether a value is one: every field of its type, and every number that
 * names something names something that is there. Checksums find damaged bytes; this is for states that something else made.
 */
import type { Descriptor } from './descriptors.js';
import { FILE_BYTES_MAX } from './fs/content.js';
import {
  BLOCK_BYTES,
  type DirectoryInode,
  type FileInode,
  type InodeTimes,
  type Mount,
  type SymlinkInode,
} from './fs/inode.js';
import type { WasiState } from './state.js';

type Plain<T extends InodeTimes> = Omit<T, 'entries' | 'blocks'>;

export type InodeSnapshot =
  | (Plain<FileInode> & { readonly blocks: readonly Uint8Array[] })
  | Plain<SymlinkInode>
  | (Plain<DirectoryInode> & { readonly entries: readonly (readonly [name: string, inode: number])[] });

export interface WasiSnapshot {
  readonly version: number;
  readonly clocks: WasiState['clocks'];
  readonly random: WasiState['random'];
  readonly descriptors: readonly (Descriptor | null)[];
  readonly mounts: readonly Mount[];
  readonly inodes: readonly (readonly [number: number, inode: InodeSnapshot])[];
  readonly nextInode: number;
  readonly nextHandle: number;
}

type Check = (value: unknown) => boolean;

const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isU32: Check = (value) => isCount(value) && (value as number) <= 0xffffffff;
const isTime: Check = (value) => typeof value === 'bigint' && BigInt.asUintN(64, value) === value;
const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isBytes: Check = (value) => value instanceof Uint8Array;
const isBlock: Check = (value) => isBytes(value) && (value as Uint8Array).length <= BLOCK_BYTES;
const isSize: Check = (value) => isCount(value) && (value as number) <= FILE_BYTES_MAX;
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const tuple =
  (...checks: readonly Check[]): Check =>
  (value) =>
    Array.isArray(value) && value.length === checks.length && checks.every((check, at) => check(value[at]));
const record =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(checks).every(([name, check]) => check((value as Record<string, unknown>)[name]));

const DESCRIPTOR = { rights: isU32, inheriting: isU32, flags: isU32 };
const ADDRESS = orNull(record({ octets: listOf(isU32), port: isU32 }));
const PATH = orNull(isText);

/** By the descriptor's kind. */
const DESCRIPTORS: Readonly<Record<Descriptor['kind'], Check>> = {
  stdio: record({ ...DESCRIPTOR, stdio: oneOf(0, 1, 2), terminal: isFlag }),
  socket: record({ ...DESCRIPTOR, local: ADDRESS }),
  listener: record({ ...DESCRIPTOR, listener: isCount, local: ADDRESS }),
  stream: record({
    ...{ ...DESCRIPTOR, stream: isCount, inputOffset: isCount, outputOffset: isCount },
    ...{ readShut: isFlag, writeShut: isFlag, peer: ADDRESS },
  }),
  file: record({ ...DESCRIPTOR, mount: isCount, inode: isCount, offset: isCount }),
  dir: record({ ...DESCRIPTOR, mount: isCount, inode: isCount, preopen: PATH, listing: orNull(listOf(isText)) }),
  'shared-file': record({
    ...{ ...DESCRIPTOR, mount: isCount, path: PATH, handle: isCount, writable: isFlag, offset: isCount },
  }),
  'shared-dir': record({
    ...{ ...DESCRIPTOR, mount: isCount, path: PATH, preopen: PATH },
    listing: orNull(listOf(tuple(isText, isU32, isTime))),
  }),
};

const INODE = { atimNs: isTime, mtimNs: isTime, ctimNs: isTime, links: isCount };
const INODES: Readonly<Record<InodeSnapshot['kind'], Check>> = {
  file: record({ ...INODE, blocks: listOf(isBlock), size: isSize }),
  dir: record({ ...INODE, entries: listOf(tuple(isText, isCount)), parent: isCount }),
  symlink: record({ ...INODE, target: isText }),
};

function byKind(checks: Readonly<Record<string, Check>>): Check {
  return (value) => {
    const kind = (value as { kind?: unknown } | null | undefined)?.kind;
    return typeof kind === 'string' && Object.hasOwn(checks, kind) && checks[kind]!(value);
  };
}

const FIELDS: Readonly<Record<string, Check>> = {
  clocks: record({ realtimeNs: isTime, monotonicNs: isTime }),
  random: record({ seed: orNull((seed) => isBytes(seed) && (seed as Uint8Array).length === 32), offset: isCount }),
  descriptors: listOf(orNull(byKind(DESCRIPTORS))),
  mounts: listOf(record({ guest: isText, mode: oneOf('private', 'ro', 'shared'), root: isCount })),
  inodes: listOf(tuple(isCount, byKind(INODES))),
  nextInode: isCount,
  nextHandle: isCount,
};

/** The part of the state that is not what it should be; undefined if all is well. */
export function wrongPart(value: object): string | undefined {
  const parts = value as Record<string, unknown>;
  const wrong = Object.entries(FIELDS).find(([name, check]) => !check(parts[name]));
  return wrong?.[0] ?? wrongReference(value as WasiSnapshot);
}

/** What names an inode or a mount that is not there, or is of another kind. */
function wrongReference({ descriptors, inodes, mounts, nextInode }: WasiSnapshot): string | undefined {
  const kinds = new Map(inodes.map(([number, { kind }]) => [number, kind]));
  const isDirectory = (number: number): boolean => kinds.get(number) === 'dir';
  if (inodes.some(([number]) => number >= nextInode) || kinds.size !== inodes.length) return 'inode numbers';
  if (!mounts.every(({ root }) => isDirectory(root))) return 'mount';
  const parents = new Map<number, number>();
  for (const [number, inode] of inodes) {
    if (inode.kind !== 'dir') continue;
    if (!isDirectory(inode.parent) || !inode.entries.every(([, number]) => kinds.has(number))) return 'directory';
    parents.set(number, inode.parent);
  }
  if (!endAtRoots(parents)) return 'directory';
  for (const descriptor of descriptors) {
    if (descriptor === null || !('mount' in descriptor)) continue;
    if (mounts[descriptor.mount] === undefined) return 'descriptor';
    if ('inode' in descriptor && kinds.get(descriptor.inode) !== descriptor.kind) return 'descriptor';
  }
  return undefined;
}

/** Whether the way upwards from each directory ends at one that is its own parent. */
function endAtRoots(parents: ReadonlyMap<number, number>): boolean {
  const good = new Set<number>();
  for (const start of parents.keys()) {
    const way = new Set<number>();
    let at = start;
    for (; !good.has(at) && parents.get(at) !== at; at = parents.get(at)!) {
      if (way.has(at)) return false;
      way.add(at);
    }
    for (const directory of way) good.add(directory);
  }
  return true;
}
