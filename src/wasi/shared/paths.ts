/** path_* calls on shared storage. Each looks first and then changes, see steps.ts. */
import type { FilePath, FileTimes, HostFiles } from '../../host/files.js';
import { ERRNO, FILETYPE } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { Filestat } from '../fs/filestat.js';
import { checkPath, directoryPath, find, locate, moveOpen, type SharedTarget } from './directories.js';
import { isStatus, logStatus, NOTHING, toFilestat } from './status.js';
import { change, look } from './steps.js';

export function createDirectory(ctx: WasiContext, target: SharedTarget): WasiStep {
  return locate(target, ([, filetype], name) =>
    filetype === NOTHING ? make(ctx, (files) => files.makeDirectory(name)) : ERRNO.EXIST,
  );
}

export function createSymlink(ctx: WasiContext, target: SharedTarget, content: string): WasiStep {
  return locate(target, ([, filetype], name) => {
    if (filetype !== NOTHING) return ERRNO.EXIST;
    return target.path.endsWith('/') ? ERRNO.NOENT : make(ctx, (files) => files.symlink(content, name));
  });
}

export function createLink(ctx: WasiContext, source: SharedTarget, target: SharedTarget): WasiStep {
  return locate(source, ([, sourceType], from) => {
    if (sourceType === NOTHING) return ERRNO.NOENT;
    return locate(target, ([, targetType], to) => {
      if (targetType !== NOTHING) return ERRNO.EXIST;
      if (sourceType === FILETYPE.DIRECTORY) return ERRNO.PERM;
      if (target.path.endsWith('/')) return ERRNO.NOENT;
      if (from.mount !== to.mount) return ERRNO.XDEV;
      return make(ctx, (files) => files.link(from, to));
    });
  });
}

/** Makes a name that was not there a moment ago. */
function make(ctx: WasiContext, act: (files: HostFiles) => void): WasiStep {
  return change(ctx, {
    act: (files) => {
      act(files);
      return undefined;
    },
    done: ERRNO.EXIST,
  });
}

export function removeDirectory(ctx: WasiContext, target: SharedTarget): WasiStep {
  return locateNamed(target, ERRNO.INVAL, (filetype, name) =>
    filetype === FILETYPE.DIRECTORY ? remove(ctx, name, (files) => files.removeDirectory(name)) : ERRNO.NOTDIR,
  );
}

export function unlinkFile(ctx: WasiContext, target: SharedTarget): WasiStep {
  return locateNamed(target, ERRNO.ISDIR, (filetype, name) =>
    filetype === FILETYPE.DIRECTORY ? ERRNO.ISDIR : remove(ctx, name, (files) => files.unlink(name)),
  );
}

function remove(ctx: WasiContext, name: FilePath, act: (files: HostFiles) => void): WasiStep {
  return change(ctx, {
    act: (files) => {
      act(files);
      return undefined;
    },
    done: ERRNO.NOENT,
    next: () => {
      moveOpen(ctx, name, null);
      return ERRNO.SUCCESS;
    },
  });
}

/** What errors a rename has is for the storage to say, but for those that depend on how the names were given. */
export function rename(
  ctx: WasiContext,
  source: SharedTarget,
  target: SharedTarget,
  mustBeDirectory: boolean,
): WasiStep {
  return locateNamed(source, ERRNO.BUSY, (filetype, from) =>
    locate(target, (_, to) => {
      if (from.mount !== to.mount) return ERRNO.XDEV;
      if (endsInDots(target.path)) return ERRNO.BUSY;
      if (mustBeDirectory && filetype !== FILETYPE.DIRECTORY) return ERRNO.NOTDIR;
      return move(ctx, from, to);
    }),
  );
}

function move(ctx: WasiContext, from: FilePath, to: FilePath): WasiStep {
  return change(ctx, {
    act: (files) => {
      files.rename(from, to);
      return undefined;
    },
    done: ERRNO.NOENT,
    next: () => {
      if (from.path === to.path) return ERRNO.SUCCESS;
      moveOpen(ctx, to, null);
      moveOpen(ctx, from, to.path);
      return ERRNO.SUCCESS;
    },
  });
}

/** An existing name; `dots`: the errno for a path that ends in `.` or `..` instead of a name. */
function locateNamed(
  target: SharedTarget,
  dots: number,
  next: (filetype: number, name: FilePath) => WasiStep,
): WasiStep {
  return locate(target, ([, filetype], name) => {
    if (filetype === NOTHING) return ERRNO.NOENT;
    return endsInDots(target.path) ? dots : next(filetype, name);
  });
}

function endsInDots(path: string): boolean {
  return /(^|\/)\.\.?\/*$/.test(path);
}

export function readLink(target: SharedTarget, next: (content: string) => WasiStep): WasiStep {
  return locate(target, ([, filetype], name) => {
    if (filetype === NOTHING) return ERRNO.NOENT;
    if (filetype !== FILETYPE.SYMBOLIC_LINK) return ERRNO.INVAL;
    return look<string>({
      ask: (files) => files.readLink(name),
      accepts: (content) => typeof content === 'string',
      next,
    });
  });
}

export function statPath(target: SharedTarget, write: (stat: Filestat) => void): WasiStep {
  const { mount } = directoryPath(target.directory);
  checkPath(target.path);
  return look({
    ask: (files) => {
      const { status } = find(files, target);
      return status === undefined ? -ERRNO.NOENT : logStatus(status);
    },
    accepts: isStatus,
    next: (status) => {
      if (typeof status !== 'number') write(toFilestat(mount, status));
      return ERRNO.SUCCESS;
    },
  });
}

export function setPathTimes(ctx: WasiContext, target: SharedTarget, times: FileTimes): WasiStep {
  return locate(target, ([, filetype], name) => {
    if (filetype === NOTHING) return ERRNO.NOENT;
    return change(ctx, {
      act: (files) => {
        files.setTimes(name, times);
        return undefined;
      },
    });
  });
}
