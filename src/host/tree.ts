/** A directory tree as a plain description: what a host directory, an archive or a test becomes before a guest starts. */

/** One file, directory or symbolic link; `path` is relative to the tree's root, with `/` between names. */
export type TreeEntry =
  | { readonly path: string; readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly path: string; readonly kind: 'dir' }
  | { readonly path: string; readonly kind: 'symlink'; readonly target: string };
