/**
 * How a call uses shared storage, in one or two logged steps. {@link look} asks what is there. {@link change} acts, once all
 * that led to it is acknowledged (rule R1): were this replica to die now, the next one would come to the same change.
 *
 * A change may have happened although its entry was lost with the replica that made it. The next one then makes it again, as
 * the first call it answers itself. Hence a change must be idempotent: what it depends on (a size, whether a name is taken) was
 * looked up and logged before, and `done` names the error that means "already so".
 */
import { invariant } from '../../errors.js';
import type { HostFiles } from '../../host/files.js';
import type { LoggedValue } from '../../log/entry.js';
import type { ByteDigest } from '../../record/call.js';
import { ERRNO } from '../abi.js';
import type { WasiContext, WasiStep } from '../context.js';
import { input, output } from '../effects.js';
import { errnoByName } from '../errno-by-name.js';
import type { LiveWorld } from '../live.js';
import { isCount } from '../results.js';

interface Look<R extends LoggedValue> {
  readonly ask: (files: HostFiles) => R;
  readonly accepts: (result: LoggedValue) => boolean;
  /** Comes before `next`, and also when the storage answered with an error. */
  readonly settle?: () => void;
  readonly next: (result: R) => WasiStep;
}

/** Asks the storage; an error is the call's errno. */
export function look<R extends LoggedValue>({ ask, accepts, settle, next }: Look<R>): WasiStep {
  return input<R | number>({
    observe: (live) => attempt(() => ask(filesOf(live))),
    accepts: (result) => isErrno(result) || accepts(result),
    apply: (result) => {
      settle?.();
      return isErrno(result) ? -result : next(result as R);
    },
  });
}

interface Change {
  readonly act: (files: HostFiles, reissued: boolean) => number | undefined;
  /** The errno that says that a change which is made again was made before. */
  readonly done?: number;
  /** Most that `act` can return; 0 without it. */
  readonly max?: number;
  readonly digest?: (digest: ByteDigest) => void;
  readonly next?: (result: number) => number;
}

/** Changes the storage; an error is the call's errno. */
export function change(ctx: WasiContext, parts: Change): WasiStep {
  const { act, done, max = 0, next = () => ERRNO.SUCCESS } = parts;
  return output<number>({
    observe: (live, reissued) => {
      live.barrier.waitReleased(ctx.event);
      const result = attempt(() => act(filesOf(live), reissued) ?? 0);
      return reissued && done !== undefined && result === -done ? 0 : result;
    },
    accepts: (result) => isCount(result, max),
    digest: (_result, digest) => parts.digest?.(digest),
    apply: (result) => (result < 0 ? -result : next(result)),
  });
}

function filesOf(live: LiveWorld): HostFiles {
  invariant(live.files !== undefined, 'a directory is shared, but there is no host to share it');
  return live.files;
}

function isErrno(result: LoggedValue): result is number {
  return isCount(result, -1);
}

function attempt<R>(ask: () => R): R | number {
  try {
    return ask();
  } catch (error) {
    return -errnoOf(error);
  }
}

/** What is no system error is a bug and goes on. */
function errnoOf(error: unknown): number {
  const errno = errnoByName((error as { code?: unknown }).code);
  if (errno === undefined) throw error;
  return errno;
}
