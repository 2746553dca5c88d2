/** The crash sweep for a user's own guest: module, arguments and script in, report out. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { DEFAULT_LIMITS, type EngineLimits } from '../../engine/engine.js';
import { FtWasmError } from '../../errors.js';
import type { HostEntropy } from '../../host/services.js';
import type { DirectoryMount } from '../options.js';
import { parseScript } from '../simulate/script.js';
import type { SimulatedService } from '../simulate/simulated-replica.js';
import type { CrashAt, SweepReport } from '../simulate/sweep.js';
import { loadGuestConfig } from './guest-config.js';

export interface SimulateOptions {
  /** Path of the module, or its bytes. */
  readonly module: string | Uint8Array;
  /** argv[0] of the guest; default: the module's file name. */
  readonly name?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly dirs?: readonly DirectoryMount[];
  readonly limits?: Partial<EngineLimits>;
  readonly engine?: 'compiled' | 'interpreter';
  /** Where rewritten modules are kept between starts; nowhere without it. */
  readonly cacheDirectory?: string;
  /** The clients' session, see src/runtime/simulate/script.ts. */
  readonly script: string;
  readonly crashAt: CrashAt;
  /** Of the entropy that every run is given. Default 1. */
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Runs `script` against the guest in this process: once undisturbed, then once for each crash of the primary. Rejects if the
 * module, a directory or the script cannot be used, or if the undisturbed run fails.
 */
export async function simulateCrashes(options: SimulateOptions): Promise<SweepReport> {
  // Loaded here, because every other command would wait for it.
  const [{ createEngine }, { sweep }] = await Promise.all([import('./engines.js'), import('../simulate/sweep.js')]);
  const script = parseScript(options.script);
  const bytes = typeof options.module === 'string' ? await readModule(options.module) : options.module;
  const name = options.name ?? (typeof options.module === 'string' ? basename(options.module) : 'guest.wasm');
  if (options.dirs?.some(({ mode }) => mode === 'shared')) {
    throw new FtWasmError('FTW_USAGE', 'a simulation cannot use shared directories: its runs would change them');
  }
  const tcplisten = Array.from({ length: script.listeners }, () => '127.0.0.1:0');
  const { config } = await loadGuestConfig({ ...options, tcplisten }, name);
  const engine = await createEngine(options.engine ?? 'compiled', options.cacheDirectory);
  const prepared = await engine.prepare(bytes);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const makeService = (clock: SimulatedService['clock']): SimulatedService => {
    return { prepared, limits, wasi: config, clock, entropy: new HashedEntropy(options.seed ?? 1) };
  };
  return sweep(makeService, script, options.crashAt, options.onProgress);
}

/** Equal bytes for equal seeds: runs of one sweep must not differ by chance. */
class HashedEntropy implements HostEntropy {
  #count = 0;

  constructor(readonly seed: number) {}

  bytes(length: number): Uint8Array {
    const hash = createHash('shake256', { outputLength: length });
    return Uint8Array.from(hash.update(`${this.seed}:${this.#count++}`).digest());
  }
}

async function readModule(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new FtWasmError('FTW_IO', `cannot read ${path}: ${(cause as Error).message}`, { path }, { cause });
  }
}
