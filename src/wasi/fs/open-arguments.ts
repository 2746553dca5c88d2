/** What path_open was asked for, in every mode of directory. */
import { ERRNO, OFLAGS, RIGHTS } from '../abi.js';
import { fail } from '../failure.js';

export interface OpenArguments {
  readonly oflags: number;
  /** Rights asked for, as far as the directory can hand them on. */
  readonly rights: number;
  readonly inheriting: number;
  readonly fdflags: number;
}

/** EISDIR when a directory is opened for writing, unless the guest said that it wants a directory. */
export function checkDirectoryOpen({ oflags, rights }: OpenArguments): void {
  const asDirectory = (oflags & OFLAGS.DIRECTORY) !== 0;
  if (oflags & (OFLAGS.CREAT | OFLAGS.TRUNC)) fail(ERRNO.ISDIR);
  if (!asDirectory && rights & RIGHTS.FD_WRITE) fail(ERRNO.ISDIR);
}
