/** Plain descriptions of directory trees: what a host directory, an archive or a test becomes before a guest starts. */

/** One file, directory or symbolic link; `path` is relative to the tree's root, with `/` between names. */
export type TreeEntry =
  | { readonly path: string; readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly path: string; readonly kind: 'dir' }
  | { readonly path: string; readonly kind: 'symlink'; readonly target: string };

/** private: in the replicated state, writable. ro: the same, but every change fails with EROFS. */
export type TreeMode = 'private' | 'ro';

/** A preopened directory. */
export interface Preopen {
  /** The name under which the guest sees it. */
  readonly guest: string;
  readonly mode: TreeMode;
  /** In any order; missing parent directories are made. */
  readonly entries: readonly TreeEntry[];
}
