/** What a deterministic handler sees: configuration, replicated state and guest memory; the outside world only as a sink. */
import type { OutputSink } from '../host/services.js';
import type { Step } from '../record/call.js';
import type { WasiConfig } from './config.js';
import type { DescriptorTable } from './descriptors.js';
import type { Tree } from './fs/tree.js';
import type { LiveWorld } from './live.js';
import type { GuestBytes } from './memory.js';
import type { WasiState } from './state.js';

export interface WasiContext {
  readonly config: WasiConfig;
  readonly state: WasiState;
  readonly fds: DescriptorTable;
  readonly tree: Tree;
  readonly memory: GuestBytes;
  /** For `apply` halves only. */
  readonly output: OutputSink;
  /** Executed instructions at this call. */
  readonly counter: number;
  /** Number of the last entry. */
  readonly event: number;
  /** Forgets an inode that has lost its last name, unless a descriptor is still open on it. */
  releaseInode(inode: number): void;
}

export type WasiStep = Step<LiveWorld>;
