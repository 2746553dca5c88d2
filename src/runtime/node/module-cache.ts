/**
 * Rewritten modules in a directory, one file per key: SHA-256 of the content, then the content. Files are written under
 * another name and renamed, so that readers see all of one or nothing; what does not have its hash is removed. The
 * directory is kept below a size by removing what was not used for longest. A directory that cannot be used means that
 * nothing is kept.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { RewrittenCache } from '../../engine/compiled/index.js';

const SUFFIX = '.rewritten';
const HASH_BYTES = 32;

export interface ModuleCacheOptions {
  readonly directory: string;
  /** Part of every key: another version of this package may rewrite differently. */
  readonly packageVersion: string;
  /** Bytes of all files together. */
  readonly bytesMax?: number;
  /** Smaller rewritten modules are not kept: making them is as quick as reading them. */
  readonly bytesMin?: number;
}

export class ModuleCache implements RewrittenCache {
  constructor(private readonly options: ModuleCacheOptions) {}

  load(key: string): Uint8Array | undefined {
    const file = this.#fileOf(key);
    try {
      const content = readFileSync(file);
      const payload = content.subarray(HASH_BYTES);
      if (!content.subarray(0, HASH_BYTES).equals(hashOf([payload]))) {
        remove(file);
        return undefined;
      }
      const now = new Date();
      utimesSync(file, now, now);
      return payload;
    } catch {
      return undefined;
    }
  }

  store(key: string, parts: readonly Uint8Array[]): void {
    const { bytesMax = BYTES_MAX, bytesMin = BYTES_MIN, directory } = this.options;
    const size = HASH_BYTES + parts.reduce((sum, { length }) => sum + length, 0);
    if (size < bytesMin || size > bytesMax) return;
    const file = this.#fileOf(key);
    const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    try {
      mkdirSync(directory, { recursive: true });
      this.#makeRoom(bytesMax - size);
      writeWhole(temporary, [hashOf(parts), ...parts]);
      renameSync(temporary, file);
    } catch {
      remove(temporary);
    }
  }

  #fileOf(key: string): string {
    const { directory, packageVersion } = this.options;
    return path.join(directory, `${key}-${packageVersion}${SUFFIX}`);
  }

  /** Removes files until they have `left` bytes at most, those first that were used least recently. */
  #makeRoom(left: number): void {
    const { directory } = this.options;
    const files = readdirSync(directory)
      .filter((name) => name.includes(SUFFIX))
      .map((name) => path.join(directory, name))
      .map((file) => ({ file, ...sizeAndUse(file) }))
      .sort((one, other) => other.usedMs - one.usedMs);
    let total = 0;
    for (const { file, size } of files) {
      total += size;
      if (total > left) remove(file);
    }
  }
}

/** Another process may have removed the file. */
function sizeAndUse(file: string): { size: number; usedMs: number } {
  const stats = statSync(file, { throwIfNoEntry: false });
  return { size: stats?.size ?? 0, usedMs: stats?.mtimeMs ?? 0 };
}

/** What cannot be removed stays, as a file that nobody reads. */
function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {}
}

function hashOf(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function writeWhole(file: string, parts: readonly Uint8Array[]): void {
  const to = openSync(file, 'wx', 0o600);
  try {
    for (const part of parts) for (let at = 0; at < part.length; ) at += writeSync(to, part, at);
  } finally {
    closeSync(to);
  }
}

const BYTES_MAX = 2 ** 30;
const BYTES_MIN = 2 ** 20;
