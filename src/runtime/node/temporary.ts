/** A directory for the time of one command. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Rejects with what the file system says. */
export function makeTemporary(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'ft-wasm-'));
}

/** Never rejects: what is left behind in the system's temporary directory must not change how a service has ended. */
export async function removeTemporary(directory: string | undefined, remove: typeof rm = rm): Promise<void> {
  if (directory === undefined) return;
  await remove(directory, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
}
