/**
 * A directory in memory with a disk below it: what was not synced may be there after a crash, or not, or in part, in any
 * combination. Operations can be made to fail, or never to end, from a chosen one on.
 */
import type { Storage, StorageFile } from '../../../src/durable/index.js';
import type { Random } from '../../sim/random.js';

class Inode {
  /** As it was synced last. */
  disk: Uint8Array = new Uint8Array(0);
  /** Written since, in order. */
  pending: Uint8Array[] = [];

  get bytes(): Uint8Array {
    return concat([this.disk, ...this.pending]);
  }

  sync(): void {
    this.disk = this.bytes;
    this.pending = [];
  }
}

type Change = readonly (readonly [name: string, inode: Inode | undefined])[];

export class MemoryStorage implements Storage {
  readonly #entries = new Map<string, Inode>();
  readonly #diskEntries = new Map<string, Inode>();
  #changes: Change[] = [];
  /** Operations so far that change something. */
  operations = 0;
  /** From this operation on nothing happens any more, and no call returns. */
  crashAt = Number.POSITIVE_INFINITY;
  /** Resolves when it has crashed. */
  readonly crashed: Promise<void>;
  /** From this operation on everything that takes room fails. */
  fullAt = Number.POSITIVE_INFINITY;
  /** Nothing is found any more; what is open stays open. */
  isAway = false;
  #onCrash: () => void = () => {};

  constructor(files: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.crashed = new Promise((resolve) => {
      this.#onCrash = resolve;
    });
    for (const [name, bytes] of files) {
      const inode = new Inode();
      inode.disk = bytes.slice();
      this.#entries.set(name, inode);
      this.#diskEntries.set(name, inode);
    }
  }

  /** One of the many things that may be on the disk after a crash now. */
  afterCrash(random: Random): Map<string, Uint8Array> {
    const entries = new Map(this.#diskEntries);
    const kept = random.chance(0.3) ? 1 : random.chance(0.3) ? 0 : 0.5;
    for (const change of this.#changes) {
      if (!random.chance(kept)) continue;
      for (const [name, inode] of change) {
        if (inode === undefined) entries.delete(name);
        else entries.set(name, inode);
      }
    }
    return new Map([...entries].map(([name, inode]) => [name, contentAfterCrash(inode, random)]));
  }

  /** The same after the process was killed: nothing is lost, and what was not synced still may be. */
  afterKill(): MemoryStorage {
    const copies = new Map<Inode, Inode>();
    const copyOf = (inode: Inode): Inode => {
      const copy = copies.get(inode) ?? Object.assign(new Inode(), { disk: inode.disk, pending: [...inode.pending] });
      copies.set(inode, copy);
      return copy;
    };
    const storage = new MemoryStorage();
    for (const [name, inode] of this.#entries) storage.#entries.set(name, copyOf(inode));
    for (const [name, inode] of this.#diskEntries) storage.#diskEntries.set(name, copyOf(inode));
    storage.#changes = this.#changes.map((change) =>
      change.map(([name, inode]) => [name, inode && copyOf(inode)] as const),
    );
    return storage;
  }

  /** What a process would read now. */
  files(): Map<string, Uint8Array> {
    return new Map([...this.#entries].map(([name, inode]) => [name, inode.bytes]));
  }

  async list(): Promise<string[]> {
    this.#mustBeThere();
    return [...this.#entries.keys()];
  }

  async create(name: string): Promise<StorageFile> {
    await this.#operation(true);
    this.#mustBeThere();
    if (this.#entries.has(name)) throw new Error(`EEXIST: ${name}`);
    const inode = new Inode();
    this.#change([[name, inode]]);
    return {
      write: async (bytes) => {
        await this.#operation(true);
        inode.pending.push(bytes.slice());
      },
      sync: async () => {
        await this.#operation(false);
        inode.sync();
      },
      close: async () => {},
    };
  }

  #mustBeThere(): void {
    if (this.isAway) throw new Error('ENOENT: no such directory');
  }

  async *read(name: string): AsyncGenerator<Uint8Array> {
    const { bytes } = this.#entries.get(name)!;
    // Odd pieces, so that frames are cut anywhere.
    for (let at = 0; at < bytes.length; at += 77) yield bytes.slice(at, at + 77);
  }

  async cut(name: string, bytes?: number): Promise<void> {
    await this.#operation(false);
    const inode = this.#entries.get(name)!;
    const content = inode.bytes;
    inode.pending = [];
    inode.disk = content.slice(0, bytes ?? content.length);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#operation(false);
    this.#change([
      [to, this.#entries.get(from)],
      [from, undefined],
    ]);
  }

  async remove(name: string): Promise<void> {
    if (!this.#entries.has(name)) return;
    await this.#operation(false);
    this.#change([[name, undefined]]);
  }

  async syncDirectory(): Promise<void> {
    await this.#operation(false);
    for (const change of this.#changes) apply(this.#diskEntries, change);
    this.#changes = [];
  }

  async #operation(takesRoom: boolean): Promise<void> {
    this.operations++;
    if (this.operations >= this.crashAt) {
      this.#onCrash();
      await new Promise<never>(() => {});
    }
    await Promise.resolve();
    if (takesRoom && this.operations >= this.fullAt)
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  }

  #change(change: Change): void {
    apply(this.#entries, change);
    this.#changes.push(change);
  }
}

function apply(entries: Map<string, Inode>, change: Change): void {
  for (const [name, inode] of change) {
    if (inode === undefined) entries.delete(name);
    else entries.set(name, inode);
  }
}

/** Each write since the last sync has reached the disk, or is a hole, or the file ends before it or inside it. */
function contentAfterCrash(inode: Inode, random: Random): Uint8Array {
  const parts = [inode.disk];
  for (const write of inode.pending) {
    if (random.chance(0.25)) break;
    const reached = random.chance(0.5) ? write.length : random.whole(0, write.length);
    const part = new Uint8Array(write.length);
    part.set(write.subarray(0, reached));
    if (random.chance(0.3)) {
      parts.push(write.slice(0, reached));
      break;
    }
    parts.push(part);
  }
  return concat(parts);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
