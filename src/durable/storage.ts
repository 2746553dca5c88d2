/** A directory as the durable store needs it: few operations, so that a test can fail or crash at each of them. */

export interface Storage {
  /** Names of all files, in any order; rejects if the directory is away. */
  list(): Promise<string[]>;
  /** A new, empty file; rejects if there is one of that name. */
  create(name: string): Promise<StorageFile>;
  /** The bytes of a file from its beginning, in pieces; each is the receiver's own. */
  read(name: string): AsyncIterable<Uint8Array>;
  /** Cuts the file behind `bytes` bytes, if given, and makes sure that what is left is on the disk. */
  cut(name: string, bytes?: number): Promise<void>;
  /** Replaces a file of the new name. */
  rename(from: string, to: string): Promise<void>;
  /** Does nothing if there is no such file. */
  remove(name: string): Promise<void>;
  /** Files that were created, renamed or removed stay so, whatever happens. */
  syncDirectory(): Promise<void>;
}

/** A file that is written from its beginning to its end. */
export interface StorageFile {
  write(bytes: Uint8Array): Promise<void>;
  /** What was written stays, whatever happens. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** CRC-32 of `bytes`, behind bytes whose CRC is `seed`. */
export type Crc32 = (bytes: Uint8Array, seed?: number) => number;
