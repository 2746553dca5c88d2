/**
 * A snapshot on its way to the disk, beside the log. It has its final name only once it is whole and on the disk, so a
 * snapshot that can be seen can be used.
 */
import { encodeFileStart, encodeFrame, type FileHeader, FrameKind } from './format.js';
import type { Crc32, Storage, StorageFile } from './storage.js';

export interface SnapshotFileEvents {
  /** So many bytes of state were written: as many more may come. */
  onWritten(bytes: number): void;
  /** The snapshot is complete and on the disk. */
  onComplete(): void;
  onFailure(error: unknown): void;
}

export class SnapshotFile {
  #queue: { readonly frame: Uint8Array; readonly stateBytes: number }[] = [];
  #frames = 0;
  #bytes = 0;
  #running: Promise<void> | undefined;
  #file: StorageFile | undefined;
  #ended = false;
  #cancelled = false;

  constructor(
    private readonly storage: Storage,
    private readonly crc32: Crc32,
    readonly name: string,
    header: FileHeader,
    nonce: Uint8Array,
    private readonly events: SnapshotFileEvents,
  ) {
    this.#push(encodeFileStart(crc32, nonce, header), 0);
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.#bytes;
  }

  piece(bytes: Uint8Array): void {
    this.#frames++;
    this.#push(encodeFrame(this.crc32, FrameKind.Piece, [], bytes), bytes.length);
  }

  outputs(event: number, counter: number, bytes: Uint8Array): void {
    this.#frames++;
    this.#push(encodeFrame(this.crc32, FrameKind.Outputs, [event, counter], bytes), 0);
  }

  end(): void {
    this.#push(encodeFrame(this.crc32, FrameKind.End, [this.#frames]), 0);
    this.#ended = true;
  }

  /** Nothing of it is wanted any more; resolves when it is gone. No event follows. */
  async cancel(): Promise<void> {
    this.#cancelled = true;
    this.#queue = [];
    await this.#running;
    await this.#discard();
  }

  #push(frame: Uint8Array, stateBytes: number): void {
    if (this.#cancelled) return;
    this.#bytes += frame.length;
    this.#queue.push({ frame, stateBytes });
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    const partial = `${this.name}.partial`;
    try {
      if (this.#file === undefined) {
        await this.storage.remove(partial);
        this.#file = await this.storage.create(partial);
      }
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        await this.#file.write(next.frame);
        if (next.stateBytes > 0 && !this.#cancelled) this.events.onWritten(next.stateBytes);
      }
      if (this.#ended && !this.#cancelled) await this.#publish(this.#file, partial);
    } catch (error) {
      await this.#fail(error);
    }
    this.#running = undefined;
  }

  async #publish(file: StorageFile, partial: string): Promise<void> {
    await file.sync();
    await file.close();
    this.#file = undefined;
    await this.storage.rename(partial, this.name);
    await this.storage.syncDirectory();
    if (!this.#cancelled) this.events.onComplete();
  }

  async #fail(error: unknown): Promise<void> {
    const told = this.#cancelled;
    this.#cancelled = true;
    this.#queue = [];
    await this.#discard();
    if (!told) this.events.onFailure(error);
  }

  async #discard(): Promise<void> {
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
    await this.storage.remove(`${this.name}.partial`).catch(() => {});
  }
}
