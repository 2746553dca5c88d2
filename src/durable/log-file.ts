/**
 * One log file and its disk: frames are written as they come, in groups. While the disk is busy with one group the next
 * one gathers, so that a slow disk is asked less often and not more.
 */
import { encodeFileStart, encodeGroup, type FileHeader } from './format.js';
import type { Crc32, Storage, StorageFile } from './storage.js';

export class LogFile {
  /** Bytes written, and how many of them are on the disk. */
  #written: number;
  #synced: number;

  private constructor(
    readonly name: string,
    private readonly file: StorageFile,
    private readonly nonce: Uint8Array,
    private readonly crc32: Crc32,
    headBytes: number,
  ) {
    this.#written = headBytes;
    this.#synced = headBytes;
  }

  /** A file that is on the disk, with its header, when this resolves. */
  static async create(
    storage: Storage,
    crc32: Crc32,
    name: string,
    header: FileHeader,
    nonce: Uint8Array,
  ): Promise<LogFile> {
    const start = encodeFileStart(crc32, nonce, header);
    const partial = `${name}.partial`;
    await storage.remove(partial);
    const file = await storage.create(partial);
    try {
      await file.write(start);
      await file.sync();
      await storage.rename(partial, name);
      await storage.syncDirectory();
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    return new LogFile(name, file, nonce, crc32, start.length);
  }

  get bytes(): number {
    return this.#written;
  }

  /** Writes `frames` as one group. `sync`: they are on the disk when this resolves, with everything before them. */
  async writeGroup(frames: readonly Uint8Array[], sync: boolean): Promise<void> {
    const group = encodeGroup(this.crc32, this.nonce, this.#written, this.#synced);
    const bytes = join([group, ...frames]);
    await this.file.write(bytes);
    this.#written += bytes.length;
    if (sync) await this.sync();
  }

  async sync(): Promise<void> {
    if (this.#synced === this.#written) return;
    const written = this.#written;
    await this.file.sync();
    this.#synced = written;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
