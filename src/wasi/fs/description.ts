/** How preopened directories are described to WASI: plain values, part of the guest's configuration. */
import type { TreeEntry } from '../../host/tree.js';

export type { TreeEntry } from '../../host/tree.js';

/**
 * private: in the replicated state, writable. ro: the same, but every change fails with EROFS. shared: on storage that all
 * replicas reach; the tree itself stays empty.
 */
export type TreeMode = 'private' | 'ro' | 'shared';

/** A preopened directory. */
export interface Preopen {
  /** The name under which the guest sees it. */
  readonly guest: string;
  readonly mode: TreeMode;
  /** In any order; missing parent directories are made. None for shared ones. */
  readonly entries: readonly TreeEntry[];
}
