/** From a user's options to what the guest is given and what the handshake compares. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve as absolutePath } from 'node:path';
import type { EngineLimits } from '../../engine/engine.js';
import { checkDirectory, loadTree } from '../../host/node/load-tree.js';
import { INJECT_VERSION } from '../../inject/options.js';
import { LOG_FORMAT_VERSION } from '../../log/version.js';
import type { WasiConfig } from '../../wasi/config.js';
import type { Preopen, TreeEntry } from '../../wasi/fs/description.js';
import { buildManifest, type Manifest } from '../manifest.js';
import type { GuestOptions } from '../options.js';

export const { version: PACKAGE_VERSION } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** What the guest is given, with the facts about it that the manifest needs. */
export interface GuestConfig {
  readonly config: WasiConfig;
  readonly dirHashes: readonly string[];
  /** Host directories of shared mounts; differs between replicas. */
  readonly sharedRoots: readonly (string | undefined)[];
}

/** Loads the mounted directories and puts the guest's configuration together. Rejects with FTW_IO for a bad directory. */
export async function loadGuestConfig(options: GuestOptions, name: string): Promise<GuestConfig> {
  const preopens: Preopen[] = [];
  const sharedRoots: (string | undefined)[] = [];
  for (const { host, guest, mode } of options.dirs ?? []) {
    const shared = mode === 'shared';
    if (shared) await checkDirectory(host);
    sharedRoots.push(shared ? absolutePath(host) : undefined);
    preopens.push({ guest, mode, entries: shared ? [] : await loadTree(host) });
  }
  const config: WasiConfig = {
    args: [name, ...(options.args ?? [])],
    env: Object.entries(options.env ?? {}),
    listeners: options.tcplisten?.length ?? 0,
    preopens,
    random: options.random ?? 'seeded',
  };
  return { ...guestConfig(config), sharedRoots };
}

/** The same for a configuration whose directories are loaded already. */
export function guestConfig(config: WasiConfig): GuestConfig {
  const dirHashes = (config.preopens ?? []).map(({ entries }) => hashTree(entries));
  return { config, dirHashes, sharedRoots: [] };
}

/** The manifest of a guest whose module has the SHA-256 `moduleHash`. */
export function manifestOf(
  options: GuestOptions,
  limits: EngineLimits,
  { config, dirHashes }: GuestConfig,
  moduleHash: string,
): Manifest {
  return buildManifest({
    moduleHash,
    rewriterVersion: String(INJECT_VERSION),
    logFormatVersion: LOG_FORMAT_VERSION,
    packageVersion: PACKAGE_VERSION,
    args: config.args ?? [],
    env: config.env ?? [],
    listeners: config.listeners ?? 0,
    random: config.random ?? 'seeded',
    limits,
    fuel: options.fuel,
    dirs: (config.preopens ?? []).map(({ guest, mode }, index) => ({ guest, mode, hash: dirHashes[index] ?? '' })),
  });
}

/** SHA-256 over a tree's names, kinds and contents, whatever order the host listed them in. */
function hashTree(entries: readonly TreeEntry[]): string {
  const hash = createHash('sha256');
  const byPath = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const entry of byPath) {
    const content = entry.kind === 'file' ? entry.bytes : Buffer.from(entry.kind === 'symlink' ? entry.target : '');
    hash.update(JSON.stringify([entry.path, entry.kind, content.length]));
    hash.update(content);
  }
  return hash.digest('hex').slice(0, 32);
}
