/** A durable directory on a file system. */
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage, StorageFile } from '../storage.js';

const READ_BYTES = 1 << 20;

export class DirectoryStorage implements Storage {
  constructor(readonly path: string) {}

  /** Creates the directory if need be. Rejects with what the file system says. */
  static async open(path: string): Promise<DirectoryStorage> {
    await mkdir(path, { recursive: true });
    return new DirectoryStorage(path);
  }

  list(): Promise<string[]> {
    return readdir(this.path);
  }

  /** Of all files, in bytes. */
  async sizes(): Promise<[name: string, bytes: number][]> {
    const names = await this.list();
    return Promise.all(names.map(async (name) => [name, (await stat(this.#at(name))).size] as [string, number]));
  }

  async create(name: string): Promise<StorageFile> {
    return new DirectoryFile(await open(this.#at(name), 'wx'));
  }

  async *read(name: string): AsyncGenerator<Uint8Array> {
    const file = await open(this.#at(name), 'r');
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(new Uint8Array(READ_BYTES), 0, READ_BYTES, null);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  async cut(name: string, bytes?: number): Promise<void> {
    const file = await open(this.#at(name), 'r+');
    try {
      if (bytes !== undefined) await file.truncate(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(this.#at(from), this.#at(to));
  }

  async remove(name: string): Promise<void> {
    await rm(this.#at(name), { force: true });
  }

  async syncDirectory(): Promise<void> {
    const directory = await open(this.path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  #at(name: string): string {
    return join(this.path, name);
  }
}

class DirectoryFile implements StorageFile {
  constructor(private readonly file: FileHandle) {}

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.file.write(bytes, at, bytes.length - at, null);
      at += bytesWritten;
    }
  }

  /** The length of the file is synced with its data (fdatasync(2)); times are of no interest. */
  sync(): Promise<void> {
    return this.file.datasync();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
