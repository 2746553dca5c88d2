/** A storage that knows its files and how many bytes they have, without asking the disk. */
import type { Storage, StorageFile } from './storage.js';

export class MeasuredStorage implements Storage {
  readonly #files = new Map<string, { bytes: number }>();

  /** `sizes`: of the files that are there, in bytes. */
  constructor(
    private readonly storage: Storage,
    sizes: Iterable<readonly [name: string, bytes: number]>,
  ) {
    for (const [name, bytes] of sizes) this.#files.set(name, { bytes });
  }

  get names(): string[] {
    return [...this.#files.keys()];
  }

  /** All files together. */
  get bytes(): number {
    let total = 0;
    for (const { bytes } of this.#files.values()) total += bytes;
    return total;
  }

  list(): Promise<string[]> {
    return this.storage.list();
  }

  async create(name: string): Promise<StorageFile> {
    const file = await this.storage.create(name);
    const measured = { bytes: 0 };
    this.#files.set(name, measured);
    return {
      write: async (bytes) => {
        await file.write(bytes);
        measured.bytes += bytes.length;
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  }

  read(name: string): AsyncIterable<Uint8Array> {
    return this.storage.read(name);
  }

  async cut(name: string, bytes?: number): Promise<void> {
    await this.storage.cut(name, bytes);
    const measured = this.#files.get(name);
    if (measured !== undefined && bytes !== undefined) measured.bytes = bytes;
  }

  async rename(from: string, to: string): Promise<void> {
    await this.storage.rename(from, to);
    const measured = this.#files.get(from);
    this.#files.delete(from);
    if (measured !== undefined) this.#files.set(to, measured);
  }

  async remove(name: string): Promise<void> {
    await this.storage.remove(name);
    this.#files.delete(name);
  }

  syncDirectory(): Promise<void> {
    return this.storage.syncDirectory();
  }
}
