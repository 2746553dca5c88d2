/**
 * The arbiter in a directory, `file:DIR/NAME`, atomic on any file system with hard links, shared ones included.
 *
 *     DIR/NAME.6               an older generation
 *     DIR/NAME.7               the record: the highest generation counts
 *     DIR/NAME.tmp-<nonce>     a record being written
 *     DIR/NAME.next-8-<nonce>  one that a backup has written ahead, in case that it must claim epoch 8
 *
 * A record is written through to the disk under a temporary name, then link(2)ed to the next generation: that fails if the
 * generation exists, and it never shows a record in part. Older generations are kept for a while for people to look
 * at; removing them is harmless, because whoever links one in again finds a higher one and has lost.
 */
import { randomUUID } from 'node:crypto';
import { link, open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ArbiterError } from '../../errors.js';
import {
  type Arbiter,
  type ArbiterRecord,
  type ArbiterState,
  ArbiterUnreachableError,
  type CompareAndSetResult,
} from '../arbiter.js';
import { decodeRecordFile } from '../record-file.js';
import { closeSoon, Draft, remove, writeDurably } from './draft.js';
import { arbiterError, errorCode } from './file-errors.js';

const GENERATIONS_KEPT = 8;
const PREPARED = 'next-';

/** A record may be replaced and pruned between listing and reading it; that cannot go on for long. */
const READ_ATTEMPTS_MAX = 16;

export class FileArbiter implements Arbiter {
  readonly #directory: string;
  readonly #name: string;
  #probed = false;
  /** Generations never go back: a listing below this one is stale, or of another file system. */
  #newestSeen = 0;
  #prepared: Draft | undefined;

  readonly #linkFile: typeof link;

  /**
   * @param path `DIR/NAME`; DIR must exist.
   * @param linkFile link(2); replaced in tests of file systems that answer ambiguously.
   */
  constructor(path: string, linkFile: typeof link = link) {
    const absolute = resolve(path);
    this.#linkFile = linkFile;
    this.#directory = dirname(absolute);
    this.#name = basename(absolute);
  }

  /** The first call also checks that records could be written, so that a wrong set-up is found at the start. */
  read(): Promise<ArbiterState | undefined> {
    return this.#guarded('read', async () => {
      if (!this.#probed) await this.#probe();
      this.#probed = true;
      return this.#current();
    });
  }

  prepare(record: ArbiterRecord): void {
    if (this.#prepared?.isOf(record)) return;
    void this.#prepared?.remove();
    this.#prepared = new Draft(record, this.#path(`${PREPARED}${record.epoch}-`));
  }

  compareAndSet(expectedGeneration: number, record: ArbiterRecord): Promise<CompareAndSetResult> {
    return this.#guarded('write', async () => {
      const prepared = this.#takePrepared(record);
      if (prepared !== undefined) {
        try {
          return await this.#replace(expectedGeneration, record.epoch, prepared);
        } catch (error) {
          // Somebody has tidied up.
          if (errorCode(error) !== 'ENOENT') throw error;
        }
      }
      return await this.#replace(expectedGeneration, record.epoch, new Draft(record, this.#path('tmp-')));
    });
  }

  #takePrepared(record: ArbiterRecord): Draft | undefined {
    const prepared = this.#prepared;
    if (!prepared?.isOf(record)) return undefined;
    this.#prepared = undefined;
    return prepared;
  }

  /** Clients wait for this at a failover, and each step is a trip to another thread: what can be is done at the same time. */
  async #replace(expectedGeneration: number, epoch: number, draft: Draft): Promise<CompareAndSetResult> {
    const opening = open(this.#directory, 'r');
    try {
      const [entries, directory] = await Promise.all([readdir(this.#directory), opening, draft.written]);
      // What the record says is only told to those who have lost.
      if (this.#newestOf(entries) !== expectedGeneration) return await this.#lost(undefined);
      const generation = expectedGeneration + 1;
      if (!(await this.#link(draft, this.#path(generation)))) return await this.#lost(undefined);
      const pruned = this.#prune(entries, generation, epoch);
      const listing = readdir(this.#directory);
      const [now] = await Promise.all([listing, directory.sync(), draft.remove(), pruned]);
      return this.#newestOf(now) > generation ? await this.#lost(generation) : { won: true, generation };
    } finally {
      closeSoon(opening);
      await draft.remove();
    }
  }

  /** `own` is a generation that we linked although a newer one exists: it had been pruned. */
  async #lost(own: number | undefined): Promise<CompareAndSetResult> {
    const current = await this.#current();
    if (own !== undefined && current !== undefined && current.generation > own) await remove(this.#path(own));
    return { won: false, current };
  }

  async #current(): Promise<ArbiterState | undefined> {
    for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt++) {
      const generation = this.#newestOf(await readdir(this.#directory));
      if (generation === 0) return undefined;
      const text = await readIfPresent(this.#path(generation));
      if (text !== undefined) return { generation, record: decodeRecordFile(text, this.#path(generation)).record };
    }
    throw new ArbiterUnreachableError(`the records ${this.#path('*')} change faster than they can be read`);
  }

  /** 0 if there is no record. */
  #newestOf(entries: readonly string[]): number {
    let newest = 0;
    for (const entry of entries) newest = Math.max(newest, this.#generationOf(entry));
    if (newest < this.#newestSeen) {
      const now = newest === 0 ? 'is no record' : `is only generation ${newest}`;
      throw new ArbiterUnreachableError(
        `there ${now} in ${this.#directory}, but generation ${this.#newestSeen} of ${this.#name} was there before; is another file system mounted?`,
      );
    }
    this.#newestSeen = newest;
    return newest;
  }

  #generationOf(entry: string): number {
    const prefix = `${this.#name}.`;
    const suffix = entry.startsWith(prefix) ? entry.slice(prefix.length) : '';
    return /^[1-9][0-9]{0,14}$/.test(suffix) ? Number(suffix) : 0;
  }

  /**
   * A network file system may carry out a link and still report an error, EEXIST included (a retransmitted request).
   * Our nonce in the target, or a second name on our file, says that the link is ours.
   */
  async #link({ path, nonce }: Draft, target: string): Promise<boolean> {
    try {
      await this.#linkFile(path, target);
      return true;
    } catch (error) {
      const text = await readIfPresent(target);
      if (text !== undefined) return decodeRecordFile(text, target).nonce === nonce;
      if ((await stat(path)).nlink > 1) return true;
      throw error;
    }
  }

  async #probe(): Promise<void> {
    const nonce = randomUUID();
    const [first, second] = [this.#path(`tmp-${nonce}`), this.#path(`tmp-${nonce}-link`)];
    try {
      await writeDurably(first, '');
      await link(first, second);
    } finally {
      await remove(first);
      await remove(second);
    }
  }

  /** Removes old generations, and what was prepared for epochs that are won by now. */
  async #prune(entries: readonly string[], generation: number, epoch: number): Promise<void> {
    const isOld = (entry: string): boolean => {
      const old = this.#generationOf(entry);
      return (old > 0 && old <= generation - GENERATIONS_KEPT) || this.#preparedEpoch(entry) <= epoch;
    };
    await Promise.all(entries.filter(isOld).map((entry) => remove(join(this.#directory, entry))));
  }

  /** The epoch that a prepared record is for; infinite for other files. */
  #preparedEpoch(entry: string): number {
    const prefix = `${this.#name}.${PREPARED}`;
    const epoch = entry.startsWith(prefix) ? /^([1-9][0-9]{0,14})-/.exec(entry.slice(prefix.length)) : null;
    return epoch === null ? Number.POSITIVE_INFINITY : Number(epoch[1]);
  }

  #path(suffix: number | string): string {
    return join(this.#directory, `${this.#name}.${suffix}`);
  }

  async #guarded<T>(action: 'read' | 'write', run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw error instanceof ArbiterError ? error : arbiterError(action, this.#directory, error);
    }
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
