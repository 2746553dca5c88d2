/**
 * Streams a recording to disk while its guest runs. A file that cannot grow any more (a full disk) is cut behind its last
 * whole frame, so that what was recorded until then stays readable.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { FtWasmError } from '../../errors.js';

interface Pending {
  readonly bytes: Uint8Array;
  /** Called once the bytes are the operating system's. */
  readonly onWritten: (() => void) | undefined;
}

export class RecordingOutput {
  readonly #file: FileHandle;
  #queue: Pending[] = [];
  #queuedBytes = 0;
  /** Bytes that are in the file: always whole frames. */
  #written = 0;
  #writing: Promise<void> | undefined;
  #failure: FtWasmError | undefined;

  private constructor(
    readonly path: string,
    file: FileHandle,
    private readonly onFailure: (error: FtWasmError) => void,
  ) {
    this.#file = file;
  }

  /**
   * Creates or replaces the file. `onFailure` hears, once, that writing has failed; what is appended afterwards is dropped.
   * Rejects with FTW_IO.
   */
  static async create(path: string, onFailure: (error: FtWasmError) => void): Promise<RecordingOutput> {
    try {
      return new RecordingOutput(path, await open(path, 'w'), onFailure);
    } catch (cause) {
      throw ioError(path, 'cannot be written', cause);
    }
  }

  /** Bytes that wait for the disk: callers use it as back-pressure. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get writtenBytes(): number {
    return this.#written;
  }

  /** Adds one or more whole frames. */
  append(bytes: Uint8Array, onWritten?: () => void): void {
    if (this.#failure !== undefined) return;
    this.#queue.push({ bytes, onWritten });
    this.#queuedBytes += bytes.length;
    this.#writing ??= this.#drain();
  }

  /** Resolves when everything appended so far is written or given up. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  /** Writes what is left and closes the file. Rejects with the failure, if there was one. */
  async close(): Promise<void> {
    await this.flushed();
    try {
      await this.#file.close();
    } catch (cause) {
      this.#failure ??= ioError(this.path, 'could not be closed', cause);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #drain(): Promise<void> {
    // What comes in while the disk is busy goes out as one write.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#write(batch.map(({ bytes }) => bytes));
      } catch (cause) {
        await this.#fail(cause);
        return;
      }
      for (const { bytes, onWritten } of batch) {
        this.#queuedBytes -= bytes.length;
        onWritten?.();
      }
    }
    this.#writing = undefined;
  }

  async #write(parts: readonly Uint8Array[]): Promise<void> {
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, null);
      at += bytesWritten;
    }
    this.#written += bytes.length;
  }

  async #fail(cause: unknown): Promise<void> {
    this.#failure = ioError(this.path, `could not be written beyond byte ${this.#written}`, cause);
    this.#queue = [];
    this.#queuedBytes = 0;
    // Cutting needs no space; where it fails all the same, readers find a torn tail and cut it themselves.
    await this.#file.truncate(this.#written).catch(() => {});
    this.onFailure(this.#failure);
  }
}

function ioError(path: string, what: string, cause: unknown): FtWasmError {
  const { code: errno, message } = cause as NodeJS.ErrnoException;
  return new FtWasmError('FTW_IO', `the recording ${path} ${what}: ${message}`, { path, errno }, { cause });
}
