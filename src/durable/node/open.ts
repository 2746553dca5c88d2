/** Takes a durable directory for this process and looks what is in it. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { FtWasmError } from '../../errors.js';
import { durableFiles } from '../directory.js';
import { durableError } from '../format.js';
import { MeasuredStorage } from '../measured-storage.js';
import { type RecoveredItem, recoveredItems } from '../recovered-state.js';
import type { Crc32 } from '../storage.js';
import { DurableStore, removePartials, type StoreEvents, type StoreOptions } from '../store.js';
import { type Recovered, survey } from '../survey.js';
import { DirectoryStorage } from './directory-storage.js';
import { type DirectoryLock, lockDirectory } from './lock.js';

const nodeCrc32: Crc32 = (bytes, seed = 0) => crc32(bytes, seed);

export class DurableDirectory {
  private constructor(
    readonly path: string,
    private readonly storage: MeasuredStorage,
    private readonly lock: DirectoryLock,
    /** What was there when it was opened. */
    readonly recovered: Recovered | undefined,
  ) {}

  /**
   * Creates the directory if need be; holds it until {@link close}. Rejects with FTW_DURABLE if it is in use, damaged or
   * cannot be used.
   */
  static async open(path: string): Promise<DurableDirectory> {
    const absolute = resolve(path);
    let lock: DirectoryLock | undefined;
    try {
      const files = await DirectoryStorage.open(absolute);
      lock = await lockDirectory(absolute);
      await removePartials(files);
      const storage = new MeasuredStorage(files, await files.sizes());
      return new DurableDirectory(absolute, storage, lock, await survey(storage, nodeCrc32));
    } catch (error) {
      await lock?.release();
      if (!(error instanceof FtWasmError)) {
        throw durableError(`the directory ${absolute} cannot be used: ${(error as Error).message}`, {}, error);
      }
      if (error.message.startsWith(absolute)) throw error;
      throw durableError(`${absolute}: ${error.message}`, error.details, error);
    }
  }

  /** How many bytes its files have, and how many of them hold a part of the log. */
  get size(): { readonly bytes: number; readonly segments: number } {
    const segments = durableFiles(this.storage.names).filter(({ kind }) => kind === 'log').length;
    return { bytes: this.storage.bytes, segments };
  }

  /** For one life of a replica. */
  async store(options: Omit<StoreOptions, 'storage' | 'crc32' | 'random'>, events: StoreEvents): Promise<DurableStore> {
    const { storage } = this;
    const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
    return new DurableStore({ ...options, storage, crc32: nodeCrc32, random }, await storage.list(), events);
  }

  /** What was there, in order. */
  items(recovered: Recovered): AsyncGenerator<RecoveredItem, void> {
    return recoveredItems(this.storage, nodeCrc32, recovered);
  }

  close(): Promise<void> {
    return this.lock.release();
  }
}
