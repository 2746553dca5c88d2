/** Mistakes in the protocol itself, for the time of one run: checkers that do not find them prove nothing. */
import type { BackupPeer } from '../../src/replica/backup-peer.js';
import { BackupSet } from '../../src/replica/backup-set.js';
import { DelayedServing } from '../../src/runtime/delayed-serving.js';
import type { Mutation } from './world.js';

/** Runs `run` with the mistake that `mutation` names, if it is one of the protocol. */
export async function withMistake<T>(mutation: Mutation | undefined, run: () => Promise<T>): Promise<T> {
  const undo = MISTAKES[mutation as string]?.();
  try {
    return await run();
  } finally {
    undo?.();
  }
}

/** Puts `mistaken` in the place of a method; the returned function puts the method back. */
function replace<T extends object, K extends keyof T>(prototype: T, name: K, mistaken: T[K]): () => void {
  const right = prototype[name];
  prototype[name] = mistaken;
  return () => {
    prototype[name] = right;
  };
}

const MISTAKES: Readonly<Record<string, () => () => void>> = {
  /** The record names newcomers as soon as they follow the log, whatever they lack of what was released. */
  'recorded-before-caught-up': () =>
    replace(BackupSet.prototype, 'ready', function (this: BackupSet) {
      return this.all().filter(followsLog).map(believedComplete);
    }),
  /** Newcomers that have caught up are recorded at once: nothing waits for them, and they may lack what left meanwhile. */
  'arming-skipped': () =>
    replace(BackupSet.prototype, 'ready', function (this: BackupSet) {
      const caughtUp = ({ stage, caughtUpAtEvent }: BackupPeer) => stage === 'ready' || caughtUpAtEvent !== undefined;
      return this.all().filter(caughtUp).map(believedComplete);
    }),
  /** Gateways forget input that a backup lacks which may go live next. */
  'served-before-acknowledged': () => replace(DelayedServing.prototype, 'wait', (_event, _adopted, serve) => serve()),
};

function followsLog(backup: BackupPeer): boolean {
  return backup.followsLog;
}

/** The same backup, except that it seems to have received everything. */
function believedComplete(backup: BackupPeer): BackupPeer {
  return Object.create(backup, { receivedEvent: { value: Number.POSITIVE_INFINITY } });
}
