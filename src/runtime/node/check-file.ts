/** A module on disk, checked. */
import { createHash } from 'node:crypto';
import type { ModuleCheck } from '../check.js';
import { readModule } from './read-module.js';

export interface FileCheck extends ModuleCheck {
  readonly path: string;
  /** SHA-256, hex: the module's name in manifests and recordings. */
  readonly hash: string;
  readonly bytes: number;
}

/** Says whether the module at `path` can be replicated. Rejects with DecodeError for one that is malformed, FTW_IO. */
export async function checkFile(path: string): Promise<FileCheck> {
  // Loaded here, because every other command would wait for it.
  const { checkModule } = await import('../check.js');
  const bytes = await readModule(path);
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { path, hash, bytes: bytes.length, ...checkModule(bytes) };
}
