/** A guest whose fd 3 is a directory of this machine, in shared mode. */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { type MemoryServices, memoryServices } from '../../../src/host/memory.js';
import { SharedFiles } from '../../../src/host/node/shared-files.js';
import type { Entry } from '../../../src/log/entry.js';
import type { WasiConfig } from '../../../src/wasi/config.js';
import { Files } from './files-harness.js';
import { Harness } from './harness.js';

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** An empty directory, removed after the test. */
export function storage(): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'ft-wasm-shared-'));
  directories.push(directory);
  return directory;
}

const CONFIG: WasiConfig = {
  preopens: [
    { guest: '/data', mode: 'shared', entries: [] },
    { guest: '/tmp', mode: 'private', entries: [] },
  ],
};

export interface SharedGuest {
  readonly files: Files;
  readonly services: MemoryServices;
}

/** `log`: what a replica before has logged; this one goes live behind it. */
export function sharedGuest(root: string, log?: readonly Entry[]): SharedGuest {
  const services = { ...memoryServices(), files: new SharedFiles([root, undefined], { durable: true }) };
  const files = new Files(new Harness({ config: CONFIG, services, ...(log === undefined ? {} : { log }) }));
  return { files, services };
}

/** Every name below `root` with what it stands for. */
export function contents(root: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(path.join(root, below), { withFileTypes: true })) {
    const name = path.join(below, entry.name);
    if (entry.isDirectory()) Object.assign(found, { [`${name}/`]: '' }, contents(root, name));
    else if (entry.isSymbolicLink()) found[name] = `-> ${readlinkSync(path.join(root, name))}`;
    else found[name] = readFileSync(path.join(root, name), 'utf8');
  }
  return found;
}
