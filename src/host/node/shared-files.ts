/** {@link HostFiles} on this machine's file system: one directory per mount. */
import fs from 'node:fs';
import type { FilePath, FileReference, FileStatus, FileTimes, HostFiles, ListedName, OpenRequest } from '../files.js';
import { kindOf, locate, type Place, posixError, statusOf, withDirectory, withPlace } from './directories.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_SYNC, O_TRUNC } = fs.constants;
const EXISTING: OpenRequest = { create: false, exclusive: false, truncate: false };
const NS_PER_S = 1e9;

export interface SharedFilesOptions {
  /**
   * Whether a call returns only once the storage itself has what it did. Under replication it must: a change that was logged
   * as made may not die in the memory of the machine that made it.
   */
  readonly durable: boolean;
}

export class SharedFiles implements HostFiles {
  readonly #roots: readonly (string | undefined)[];
  readonly #durable: boolean;
  /** File descriptors of this process, by handle. */
  readonly #open = new Map<number, number>();

  /** `roots`: a host directory per mount; undefined for mounts that are not shared. */
  constructor(roots: readonly (string | undefined)[], { durable }: SharedFilesOptions) {
    this.#roots = roots;
    this.#durable = durable;
  }

  locate(base: FilePath, path: string, follow: boolean) {
    return locate(this.#root(base), base, path, follow);
  }

  list(directory: FilePath): ListedName[] {
    return withDirectory(this.#root(directory), directory, (path) =>
      fs.readdirSync(path).flatMap((name) => {
        // A name may go between the listing and this look at it.
        const stat = fs.lstatSync(`${path}/${name}`, { bigint: true, throwIfNoEntry: false });
        return stat === undefined ? [] : [{ name, kind: kindOf(stat), inode: stat.ino }];
      }),
    );
  }

  readLink(link: FilePath): string {
    return this.#at(link, ({ path }) => fs.readlinkSync(path));
  }

  makeDirectory(directory: FilePath): void {
    this.#change(directory, ({ path }) => fs.mkdirSync(path));
  }

  removeDirectory(directory: FilePath): void {
    this.#change(directory, ({ path }) => fs.rmdirSync(path));
  }

  unlink(file: FilePath): void {
    this.#change(file, ({ path }) => fs.unlinkSync(path));
  }

  symlink(target: string, link: FilePath): void {
    this.#change(link, ({ path }) => fs.symlinkSync(target, path));
  }

  link(from: FilePath, to: FilePath): void {
    this.#at(from, (source) => this.#change(to, (target) => fs.linkSync(source.path, target.path)));
  }

  rename(from: FilePath, to: FilePath): void {
    this.#change(from, (source) => this.#change(to, (target) => fs.renameSync(source.path, target.path)));
  }

  setTimes(name: FilePath, times: FileTimes): void {
    this.#at(name, ({ path }) => {
      const now = fs.lstatSync(path, { bigint: true });
      fs.lutimesSync(path, seconds(times.atim, now.atimeNs), seconds(times.mtim, now.mtimeNs));
    });
  }

  open(file: FileReference, request: OpenRequest): void {
    this.#open.set(file.handle, this.#openFile(file, request));
  }

  close(file: FileReference): void {
    const fd = this.#open.get(file.handle);
    if (fd === undefined) return;
    this.#open.delete(file.handle);
    fs.closeSync(fd);
  }

  status(file: FileReference): FileStatus {
    return statusOf(fs.fstatSync(this.#fd(file), { bigint: true }));
  }

  read(file: FileReference, offset: number, length: number): Uint8Array {
    const fd = this.#fd(file);
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const count = fs.readSync(fd, bytes, at, length - at, offset + at);
      if (count === 0) break;
      at += count;
    }
    return bytes.subarray(0, at);
  }

  write(file: FileReference, offset: number, bytes: Uint8Array): number {
    const fd = this.#fd(file);
    let at = 0;
    while (at < bytes.length) {
      try {
        at += fs.writeSync(fd, bytes, at, bytes.length - at, offset + at);
      } catch (error) {
        if (at === 0) throw error;
        break;
      }
    }
    return at;
  }

  resize(file: FileReference, size: number): void {
    fs.ftruncateSync(this.#fd(file), size);
    if (this.#durable) this.sync(file);
  }

  setFileTimes(file: FileReference, times: FileTimes): void {
    const fd = this.#fd(file);
    const now = fs.fstatSync(fd, { bigint: true });
    fs.futimesSync(fd, seconds(times.atim, now.atimeNs), seconds(times.mtim, now.mtimeNs));
  }

  sync(file: FileReference): void {
    fs.fsyncSync(this.#fd(file));
  }

  /** Opens what another replica had open. */
  #fd(file: FileReference): number {
    const known = this.#open.get(file.handle);
    if (known !== undefined) return known;
    this.open(file, EXISTING);
    return this.#open.get(file.handle)!;
  }

  #openFile({ mount, path, writable }: FileReference, { create, exclusive, truncate }: OpenRequest): number {
    if (path === null) throw posixError('ESTALE');
    const flags =
      (writable || truncate ? O_RDWR : O_RDONLY) |
      (create ? O_CREAT : 0) |
      (exclusive ? O_EXCL : 0) |
      (truncate ? O_TRUNC : 0) |
      (this.#durable ? O_SYNC : 0);
    return this.#at({ mount, path }, (place) => {
      // A pipe that nobody writes to must not keep the guest waiting.
      const fd = fs.openSync(place.path, flags | O_NOFOLLOW | O_NONBLOCK, 0o666);
      if (!fs.fstatSync(fd).isFile()) {
        fs.closeSync(fd);
        throw posixError('ENOTSUP');
      }
      if (create && this.#durable) place.sync();
      return fd;
    });
  }

  #root({ mount }: FilePath): string {
    return this.#roots[mount] ?? fail('ENOENT');
  }

  #at<T>(name: FilePath, use: (place: Place) => T): T {
    return withPlace(this.#root(name), name, use);
  }

  #change(name: FilePath, change: (place: Place) => void): void {
    this.#at(name, (place) => {
      change(place);
      if (this.#durable) place.sync();
    });
  }
}

/** As utimes() takes it: digits below a microsecond are lost. */
function seconds(time: bigint | 'now' | undefined, current: bigint): number {
  if (time === 'now') return Date.now() / 1000;
  return Number(time ?? current) / NS_PER_S;
}

function fail(code: string): never {
  throw posixError(code);
}
