/** Tells errors of the file system that may pass (wait and retry) from those that need somebody to act. */
import { ArbiterError } from '../../errors.js';
import { ArbiterUnreachableError } from '../arbiter.js';

/** Errors that stay until somebody does something, and what that is. */
const LASTING: Readonly<Record<string, string>> = {
  ENOENT: 'the directory does not exist; create it first',
  ENOTDIR: 'it is not a directory',
  EACCES: 'permission denied; replicas must be able to create files in it',
  EPERM: 'not permitted; the file system must support hard links',
  EROFS: 'the file system is read-only; replicas must be able to create files in it',
  ENOTSUP: 'the file system does not support hard links',
  ENAMETOOLONG: 'the name is too long for the file system',
  EMLINK: 'the file system does not support hard links',
};

export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

export function arbiterError(action: 'read' | 'write', directory: string, error: unknown): ArbiterError {
  const code = errorCode(error);
  const details = { directory, errno: code };
  const lasting = code === undefined ? undefined : LASTING[code];
  if (lasting !== undefined) {
    const message = `cannot ${action} the arbiter's record in ${directory}: ${lasting} (${code})`;
    return new ArbiterError(message, details, { cause: error });
  }
  const message = `cannot ${action} the arbiter's record in ${directory} for now: ${describe(error)}`;
  return new ArbiterUnreachableError(message, details, { cause: error });
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
