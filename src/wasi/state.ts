/** Everything that WASI adds to a guest's state, as plain data: equal on every replica at equal positions. */
import type { WasiConfig } from './config.js';
import type { Descriptor, ListenerDescriptor, SocketAddress } from './descriptors.js';
import type { TreeState } from './fs/inode.js';
import { loadTree } from './fs/load.js';
import {
  DIRECTORY_INHERITING,
  DIRECTORY_RIGHTS,
  LISTENER_RIGHTS,
  STDIN_RIGHTS,
  STDOUT_RIGHTS,
  STREAM_RIGHTS,
} from './rights.js';

/** The last logged values, in nanoseconds. */
export interface ClockState {
  realtimeNs: bigint;
  monotonicNs: bigint;
}

export interface RandomState {
  /** 32 bytes, logged when the guest first asks; null before. */
  seed: Uint8Array | null;
  /** Bytes of the key stream used so far. */
  offset: number;
}

export interface WasiState {
  readonly clocks: ClockState;
  readonly random: RandomState;
  readonly descriptors: (Descriptor | null)[];
  readonly tree: TreeState;
  /** For the next file opened on shared storage. */
  nextHandle: number;
}

/** The state of a guest that has not run yet. */
export function initialState(config: WasiConfig): WasiState {
  const tree = loadTree(config.preopens ?? []);
  return {
    clocks: { realtimeNs: 0n, monotonicNs: 0n },
    random: { seed: null, offset: 0 },
    descriptors: initialDescriptors(config, tree),
    tree,
    nextHandle: 1,
  };
}

export function listenerDescriptor(listener: number, local: SocketAddress | null): ListenerDescriptor {
  return { kind: 'listener', listener, local, rights: LISTENER_RIGHTS, inheriting: STREAM_RIGHTS, flags: 0 };
}

/** stdio, then listeners, then preopened directories: the order in which Wasmtime's command line numbers them. */
function initialDescriptors(config: WasiConfig, tree: TreeState): Descriptor[] {
  const terminal = config.terminal ?? false;
  const descriptors: Descriptor[] = [
    { kind: 'stdio', stdio: 0, terminal, rights: STDIN_RIGHTS, inheriting: 0, flags: 0 },
    { kind: 'stdio', stdio: 1, terminal, rights: STDOUT_RIGHTS, inheriting: 0, flags: 0 },
    { kind: 'stdio', stdio: 2, terminal, rights: STDOUT_RIGHTS, inheriting: 0, flags: 0 },
  ];
  for (let listener = 0; listener < (config.listeners ?? 0); listener++) {
    descriptors.push({ ...listenerDescriptor(listener, null), untouched: true });
  }
  for (const [mount, { guest, mode, root }] of tree.mounts.entries()) {
    const common = { mount, preopen: guest, listing: null, flags: 0 };
    const rights = { rights: DIRECTORY_RIGHTS, inheriting: DIRECTORY_INHERITING };
    if (mode === 'shared') descriptors.push({ kind: 'shared-dir', path: '', ...common, ...rights });
    else descriptors.push({ kind: 'dir', inode: root, ...common, ...rights });
  }
  return descriptors;
}
