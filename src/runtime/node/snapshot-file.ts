/** Snapshots as files: written as they come, compressed, and there only once they are whole. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { FtWasmError } from '../../errors.js';
import type { Position } from '../../log/entry.js';
import { type Snapshot, SnapshotReader, SnapshotRelay } from '../../snapshot/index.js';
import { deflate } from '../../snapshot/node/deflate.js';
import { restoredState } from '../guest/restored.js';

const CHUNK_BYTES = 1 << 20;

export class SnapshotFile {
  readonly #relay = new SnapshotRelay(deflate);
  #tail: Promise<void> = Promise.resolve();
  #bytes = 0;

  private constructor(
    readonly path: string,
    private readonly temporary: string,
    private readonly file: FileHandle,
  ) {}

  /** The file appears under its name with {@link close}; a device is written at once. Rejects with FTW_IO. */
  static async create(path: string): Promise<SnapshotFile> {
    const known = await stat(path).catch(() => undefined);
    const temporary = known === undefined || known.isFile() ? `${path}.${process.pid}.part` : path;
    try {
      return new SnapshotFile(path, temporary, await open(temporary, 'w'));
    } catch (cause) {
      throw ioError(path, 'written', cause);
    }
  }

  /** Bytes in the file. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a section of the writer's own, before the last piece has come. */
  addSection(name: string, value: unknown): void {
    this.#relay.addSection(name, value);
  }

  /** Takes the next piece; resolves when it is in the file. Rejects with FTW_SNAPSHOT or FTW_IO. */
  write(piece: Uint8Array): Promise<void> {
    this.#tail = this.#tail.then(() => this.#write(piece));
    return this.#tail;
  }

  /** All pieces have come: the file gets its name. Rejects with FTW_SNAPSHOT or FTW_IO. */
  async close(): Promise<void> {
    await this.#tail;
    this.#relay.finish();
    try {
      if (this.#isFile) await this.file.sync();
      await this.file.close();
      if (this.#isFile) await rename(this.temporary, this.path);
    } catch (cause) {
      throw ioError(this.path, 'written', cause);
    }
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.#tail.catch(() => {});
    await this.file.close().catch(() => {});
    if (this.#isFile) await rm(this.temporary, { force: true });
  }

  get #isFile(): boolean {
    return this.temporary !== this.path;
  }

  async #write(piece: Uint8Array): Promise<void> {
    for (const chunk of this.#relay.push(piece)) {
      try {
        await this.file.writeFile(chunk);
      } catch (cause) {
        throw ioError(this.path, 'written', cause);
      }
      this.#bytes += chunk.length;
    }
  }
}

/** What a snapshot says about itself without its memory. */
export interface SnapshotSurvey extends Position {
  readonly path: string;
  readonly snapshot: Snapshot;
}

/** Looks through a whole snapshot, so that damage anywhere is known before anything happens. Rejects with FTW_SNAPSHOT or FTW_IO. */
export async function surveySnapshot(path: string): Promise<SnapshotSurvey> {
  const reader = new SnapshotReader({ compression: deflate, withoutPages: true });
  try {
    for await (const bytes of piecesOf(path)) reader.push(bytes);
    const snapshot = reader.finish();
    const { engine, session } = restoredState(snapshot);
    return { path, snapshot, event: session.event, counter: engine.counter };
  } catch (error) {
    if (!(error instanceof FtWasmError) || error.code !== 'FTW_SNAPSHOT') throw error;
    throw new FtWasmError('FTW_SNAPSHOT', `${path}: ${error.message}`, { path, ...error.details }, { cause: error });
  }
}

/** The bytes of a snapshot. Rejects with FTW_IO. */
export async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const bytes of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
      const { buffer, byteOffset, length } = bytes as Buffer<ArrayBuffer>;
      yield new Uint8Array(buffer, byteOffset, length);
    }
  } catch (cause) {
    throw ioError(path, 'read', cause);
  }
}

function ioError(path: string, what: 'read' | 'written', cause: unknown): FtWasmError {
  const { code: errno, message } = cause as NodeJS.ErrnoException;
  const why = errno === 'ENOENT' && what === 'read' ? 'there is no such file' : message;
  return new FtWasmError('FTW_IO', `the snapshot ${path} cannot be ${what}: ${why}`, { path, errno }, { cause });
}
