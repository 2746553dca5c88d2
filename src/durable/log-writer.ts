/**
 * The log on its way to the disk, file after file. Callers hand over frames and go on; one loop writes and syncs behind
 * them. What was handed over and is not written yet is counted, so that the guest can be held when the disk is slow.
 */
import type { FileHeader } from './format.js';
import { LogFile } from './log-file.js';
import type { Crc32, Storage } from './storage.js';

/** A group takes no more than this, so that the first of a long queue is not kept waiting for the last. */
const GROUP_BYTES_MAX = 4 << 20;

export interface LogWriterEvents {
  /** Everything up to `event` is on the disk, with the file that holds it. */
  onSynced(event: number): void;
  /** A group is written: `queuedBytes` has become smaller. */
  onWritten(): void;
  /** A file was begun and is on the disk. */
  onFile(header: FileHeader): void;
  /** The disk has failed; nothing more is written. */
  onFailure(error: unknown): void;
}

interface Begin {
  readonly kind: 'begin';
  readonly name: string;
  readonly header: FileHeader;
}

interface Append {
  readonly kind: 'append';
  readonly frame: Uint8Array;
  /** Last event of a batch; undefined for a mark, which need not be synced by itself. */
  readonly event: number | undefined;
}

export class LogWriter {
  #queue: (Begin | Append)[] = [];
  #queuedBytes = 0;
  #file: LogFile | undefined;
  #running: Promise<void> | undefined;
  #failed = false;

  constructor(
    private readonly storage: Storage,
    private readonly crc32: Crc32,
    private readonly nonce: () => Uint8Array,
    private readonly events: LogWriterEvents,
  ) {}

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** What is appended from now on goes into a new file. */
  begin(name: string, header: FileHeader): void {
    this.#push({ kind: 'begin', name, header });
  }

  append(frame: Uint8Array, event: number | undefined): void {
    if (this.#failed) return;
    this.#queuedBytes += frame.length;
    this.#push({ kind: 'append', frame, event });
  }

  /** Resolves when everything handed over so far is on the disk or given up. */
  async flushed(): Promise<void> {
    await this.#running;
  }

  /** Writes what is left. Nothing may be appended any more. */
  async close(): Promise<void> {
    await this.flushed();
    try {
      await this.#file?.sync();
      await this.#file?.close();
    } catch (error) {
      this.#fail(error);
    }
    this.#failed = true;
  }

  #push(item: Begin | Append): void {
    if (this.#failed) return;
    this.#queue.push(item);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // What comes in during this round of the event loop goes out together.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0) {
        const first = this.#queue[0]!;
        if (first.kind === 'begin') await this.#begin(first);
        else await this.#writeGroup();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#running = undefined;
  }

  async #begin({ name, header }: Begin): Promise<void> {
    // The marks at the end of the old file must not come later than what follows in the new one.
    await this.#file?.sync();
    await this.#file?.close();
    this.#file = undefined;
    this.#file = await LogFile.create(this.storage, this.crc32, name, header, this.nonce());
    this.#queue.shift();
    this.events.onFile(header);
  }

  async #writeGroup(): Promise<void> {
    const group = this.#takeGroup();
    const event = group.findLast((item) => item.event !== undefined)?.event;
    await this.#file!.writeGroup(
      group.map(({ frame }) => frame),
      event !== undefined,
    );
    for (const { frame } of group) this.#queuedBytes -= frame.length;
    if (event !== undefined) this.events.onSynced(event);
    this.events.onWritten();
  }

  #takeGroup(): Append[] {
    let bytes = 0;
    let count = 0;
    for (const item of this.#queue) {
      if (item.kind === 'begin' || (count > 0 && bytes + item.frame.length > GROUP_BYTES_MAX)) break;
      bytes += item.frame.length;
      count++;
    }
    return this.#queue.splice(0, count) as Append[];
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    void this.#file?.close().catch(() => {});
    this.#file = undefined;
    this.events.onFailure(error);
  }
}
