/** path_open on shared storage. */
import { ERRNO, FILETYPE, OFLAGS, RIGHTS } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { SharedDirectoryDescriptor, SharedFileDescriptor } from '../descriptors.js';
import { checkDirectoryOpen, isExclusive, type OpenArguments } from '../fs/open-arguments.js';
import { DIRECTORY_RIGHTS, FILE_RIGHTS } from '../rights.js';
import { checkPath, directoryPath, type Found, find, isFound, type SharedTarget, toFound } from './directories.js';
import { NOTHING } from './status.js';
import { change, look } from './steps.js';

const CHANGES_SIZE = RIGHTS.FD_WRITE | RIGHTS.FD_ALLOCATE | RIGHTS.FD_FILESTAT_SET_SIZE;

/** `report` is given the new descriptor's number. */
export function openShared(
  ctx: WasiContext,
  target: SharedTarget,
  request: OpenArguments,
  report: (fd: number) => number,
): WasiStep {
  const { mount } = directoryPath(target.directory);
  checkPath(target.path);
  const newFile = (path: string) => fileDescriptor(ctx, mount, path, request);
  return look<Found>({
    ask: (files) => {
      const found = toFound(find(files, target));
      // What is only opened is opened at once: that needs no second entry.
      if (opensExisting(request, found)) files.open(newFile(found[0]), EXISTING);
      return found;
    },
    accepts: isFound,
    next: (found) => {
      const [path, filetype] = found;
      if (filetype === FILETYPE.DIRECTORY) {
        if (isExclusive(request.oflags)) return ERRNO.EXIST;
        checkDirectoryOpen(request);
        return report(ctx.fds.insert(directoryDescriptor(mount, path, request)));
      }
      if (opensExisting(request, found)) return insertFile(ctx, newFile(path), report);
      const errno = checkFileOpen(request, filetype);
      return errno === ERRNO.SUCCESS ? createOrTruncate(ctx, newFile(path), request, filetype, report) : errno;
    },
  });
}

const EXISTING = { create: false, exclusive: false, truncate: false };

function opensExisting({ oflags }: OpenArguments, [, filetype]: Found): boolean {
  return (
    filetype === FILETYPE.REGULAR_FILE && !isExclusive(oflags) && (oflags & (OFLAGS.TRUNC | OFLAGS.DIRECTORY)) === 0
  );
}

function checkFileOpen({ oflags }: OpenArguments, filetype: number): number {
  if (filetype === NOTHING) return oflags & OFLAGS.CREAT ? ERRNO.SUCCESS : ERRNO.NOENT;
  if (isExclusive(oflags)) return ERRNO.EXIST;
  if (filetype === FILETYPE.SYMBOLIC_LINK) return ERRNO.LOOP;
  if (oflags & OFLAGS.DIRECTORY) return ERRNO.NOTDIR;
  // Devices, pipes and sockets would block the guest, or be another machine's.
  return filetype === FILETYPE.REGULAR_FILE ? ERRNO.SUCCESS : ERRNO.NOTSUP;
}

function createOrTruncate(
  ctx: WasiContext,
  file: SharedFileDescriptor,
  { oflags }: OpenArguments,
  filetype: number,
  report: (fd: number) => number,
): WasiStep {
  const create = filetype === NOTHING;
  const truncate = (oflags & OFLAGS.TRUNC) !== 0;
  return change(ctx, {
    act: (files, reissued) => {
      // A file that is there the second time is the one that was made the first time.
      const exclusive = create && (oflags & OFLAGS.EXCL) !== 0 && !reissued;
      files.open(file, { create, exclusive, truncate });
      return undefined;
    },
    next: () => insertFile(ctx, file, report),
  });
}

function insertFile(ctx: WasiContext, file: SharedFileDescriptor, report: (fd: number) => number): number {
  ctx.state.nextHandle++;
  return report(ctx.fds.insert(file));
}

function fileDescriptor(ctx: WasiContext, mount: number, path: string, request: OpenArguments): SharedFileDescriptor {
  const rights = request.rights & FILE_RIGHTS;
  const writable = (rights & CHANGES_SIZE) !== 0;
  const handle = ctx.state.nextHandle;
  return {
    kind: 'shared-file',
    mount,
    path,
    handle,
    writable,
    offset: 0,
    rights,
    inheriting: 0,
    flags: request.fdflags,
  };
}

function directoryDescriptor(mount: number, path: string, request: OpenArguments): SharedDirectoryDescriptor {
  const rights = request.rights & DIRECTORY_RIGHTS;
  const { inheriting, fdflags: flags } = request;
  return { kind: 'shared-dir', mount, path, preopen: null, listing: null, rights, inheriting, flags };
}
