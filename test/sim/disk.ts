/** A replica's disk: it outlives processes. What was not synced when the machine lost power may be there, or not, or in part. */
import type { Storage, StorageFile } from '../../src/durable/index.js';
import { MemoryStorage } from '../unit/durable/memory-storage.js';
import type { Host } from './host.js';
import type { Random } from './random.js';

/** A write goes to the page cache, a sync to the disk. In ms. */
const WRITE_MS_MAX = 0.2;
const READ_MS_MAX = 0.05;
const READ_BYTES_MAX = 8192;
const SYNC_MS_MAX = 6;
/** Now and then the disk has something else to do. */
const BUSY_MS_MAX = 80;

export class SimDisk {
  #files = new MemoryStorage();
  /** It takes nothing more. */
  isFull = false;
  wasFull = false;

  constructor(private readonly random: Random) {}

  /** The machine has lost power; its processes are gone. */
  powerFails(): void {
    this.#files = new MemoryStorage(this.#files.afterCrash(this.random));
  }

  /** As a new process sees it. What an earlier one has under way reaches nothing any more. */
  open(host: Host): Storage {
    this.#files = this.#files.afterKill();
    return new SlowStorage(this.#files, this, host, this.random);
  }
}

/** Every operation takes its time, and does not come about if its process is gone by then. */
class SlowStorage implements Storage {
  constructor(
    private readonly files: MemoryStorage,
    private readonly disk: SimDisk,
    private readonly host: Host,
    private readonly random: Random,
  ) {}

  async list(): Promise<string[]> {
    return this.files.list();
  }

  async create(name: string): Promise<StorageFile> {
    await this.#takeRoom();
    const file = await this.files.create(name);
    return {
      write: async (bytes) => {
        await this.#takeRoom();
        await file.write(bytes);
      },
      sync: async () => {
        await this.#wait(SYNC_MS_MAX);
        await file.sync();
      },
      close: () => file.close(),
    };
  }

  async *read(name: string): AsyncGenerator<Uint8Array> {
    const all = this.files.files().get(name)!;
    for (let at = 0; at < all.length; ) {
      const bytes = this.random.whole(1, READ_BYTES_MAX);
      await this.#wait(READ_MS_MAX);
      yield all.slice(at, at + bytes);
      at += bytes;
    }
  }

  async cut(name: string, bytes?: number): Promise<void> {
    await this.#wait(SYNC_MS_MAX);
    await this.files.cut(name, bytes);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#wait(WRITE_MS_MAX);
    await this.files.rename(from, to);
  }

  async remove(name: string): Promise<void> {
    await this.#wait(WRITE_MS_MAX);
    await this.files.remove(name);
  }

  async syncDirectory(): Promise<void> {
    await this.#wait(SYNC_MS_MAX);
    await this.files.syncDirectory();
  }

  async #takeRoom(): Promise<void> {
    await this.#wait(WRITE_MS_MAX);
    if (this.disk.isFull) this.disk.wasFull = true;
    if (this.disk.isFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  }

  #wait(usualMsMax: number): Promise<void> {
    const isBusy = usualMsMax > READ_MS_MAX && this.random.chance(0.02);
    const ms = this.random.between(0, isBusy ? BUSY_MS_MAX : usualMsMax);
    return new Promise((resolve) => this.host.scheduler.after(ms, () => this.host.whenRunning(resolve)));
  }
}
