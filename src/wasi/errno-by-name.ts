/** POSIX's names of errors, as hosts report them, in WASI's numbers. */
import { ERRNO } from './abi.js';

const BY_NAME = new Map<string, number>(Object.entries(ERRNO).map(([name, errno]) => [`E${name}`, errno]));

/** Undefined for what is no name of an error of the system; EIO for those that WASI lacks. */
export function errnoByName(code: unknown): number | undefined {
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  return BY_NAME.get(code) ?? ERRNO.IO;
}
