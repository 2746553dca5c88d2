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

/** Only with O_CREAT does O_EXCL mean anything (POSIX). */
export function isExclusive(oflags: number): boolean {
  return (oflags & OFLAGS.CREAT) !== 0 && (oflags & OFLAGS.EXCL) !== 0;
}

/** EISDIR when a directory is opened for writing, as in Wasmtime. */
export function checkDirectoryOpen({ oflags, rights }: OpenArguments): void {
  if (oflags & (OFLAGS.CREAT | OFLAGS.TRUNC) || rights & RIGHTS.FD_WRITE) fail(ERRNO.ISDIR);
}
