/** A record in a file of its own, flushed, that waits to be linked to the generation that it may become. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import type { ArbiterRecord } from '../arbiter.js';
import { encodeRecordFile } from '../record-file.js';

/** O_SYNC makes the write the flush as well. */
const WRITE_THROUGH = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_SYNC;

export class Draft {
  readonly path: string;
  readonly nonce = randomUUID();
  /** Resolves once the file is flushed. */
  readonly written: Promise<void>;
  readonly #content: string;
  #removed: Promise<void> | undefined;

  /** Begins to write `prefix` and a nonce. */
  constructor(record: ArbiterRecord, prefix: string) {
    const { nonce } = this;
    this.path = `${prefix}${nonce}`;
    this.#content = JSON.stringify(record);
    this.written = writeDurably(this.path, encodeRecordFile({ record, nonce }));
    // A draft for later may never be used; who does use it hears of a failure.
    this.written.catch(() => {});
  }

  isOf(record: ArbiterRecord): boolean {
    return JSON.stringify(record) === this.#content;
  }

  /** Removes the file's own name, once. */
  remove(): Promise<void> {
    this.#removed ??= this.written.catch(() => {}).then(() => remove(this.path));
    return this.#removed;
  }
}

export async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, WRITE_THROUGH);
  try {
    await file.writeFile(text);
  } finally {
    closeSoon(file);
  }
}

/** Everything was flushed: closing can neither fail in a way that matters nor should anybody wait for it. */
export function closeSoon(file: FileHandle | Promise<FileHandle>): void {
  Promise.resolve(file)
    .then((opened) => opened.close())
    .catch(() => {});
}

/** Best effort: what is left behind is never taken for a record. */
export async function remove(path: string): Promise<void> {
  await unlink(path).catch(() => {});
}
