/**
 * Files on storage that all replicas reach, as a live guest's thread uses them: synchronous calls, sandboxed below the roots
 * of mounts. Paths are plain names joined by `/`, from a mount's root ('' is the root itself), unless said otherwise.
 *
 * Every method fails by throwing an error whose `code` is POSIX's name of it, such as ENOENT.
 */

export type FileKind = 'file' | 'dir' | 'symlink' | 'other';

/** What stands under a name; numbers and times are the host's own, times in nanoseconds since 1970. */
export interface FileStatus {
  readonly kind: FileKind;
  readonly inode: bigint;
  readonly links: number;
  readonly size: number;
  readonly atimNs: bigint;
  readonly mtimNs: bigint;
  readonly ctimNs: bigint;
}

/** Where a guest's path leads. */
export interface Located {
  readonly mount: number;
  /** Without symbolic links, `.` and `..`. */
  readonly path: string;
  /** Undefined if nothing has that name yet. */
  readonly status: FileStatus | undefined;
}

export interface ListedName {
  readonly name: string;
  readonly kind: FileKind;
  readonly inode: bigint;
}

/** A name on a mount. */
export interface FilePath {
  readonly mount: number;
  readonly path: string;
}

/**
 * An open file. The host keeps it open under its handle; another replica, which does not have it yet, opens it by its path
 * (ESTALE if it has none any more).
 */
export interface FileReference {
  readonly mount: number;
  readonly path: string | null;
  /** Chosen by the caller, never used twice. */
  readonly handle: number;
  readonly writable: boolean;
}

export interface OpenRequest {
  readonly create: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
}

/** What to set; undefined leaves a time alone. */
export interface FileTimes {
  readonly atim: bigint | 'now' | undefined;
  readonly mtim: bigint | 'now' | undefined;
}

export interface HostFiles {
  /**
   * Follows `path`, as a guest gave it, from the directory `base`; a symbolic link in last place only with `follow`. Nothing
   * leads above `base` (EPERM); behind a slash at the end, what is there must be a directory (ENOTDIR).
   */
  locate(base: FilePath, path: string, follow: boolean): Located;
  list(directory: FilePath): ListedName[];
  readLink(link: FilePath): string;
  makeDirectory(directory: FilePath): void;
  removeDirectory(directory: FilePath): void;
  unlink(file: FilePath): void;
  symlink(target: string, link: FilePath): void;
  link(from: FilePath, to: FilePath): void;
  rename(from: FilePath, to: FilePath): void;
  /** Of the name itself: a symbolic link is not followed. */
  setTimes(name: FilePath, times: FileTimes): void;

  open(file: FileReference, request: OpenRequest): void;
  close(file: FileReference): void;
  status(file: FileReference): FileStatus;
  /** Up to `length` bytes from `offset` on; fewer only at the end of the file. */
  read(file: FileReference, offset: number, length: number): Uint8Array;
  /** Writes all bytes at `offset`, or as many as there is room for. */
  write(file: FileReference, offset: number, bytes: Uint8Array): number;
  resize(file: FileReference, size: number): void;
  setFileTimes(file: FileReference, times: FileTimes): void;
  /** Until the storage has everything. */
  sync(file: FileReference): void;
}
