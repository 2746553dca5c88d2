/** Mistakes in the protocol itself, for the time of one run: checkers that do not find them prove nothing. */
import type { BackupPeer } from '../../src/replica/backup-peer.js';
import { BackupSet } from '../../src/replica/backup-set.js';
import type { Mutation } from './world.js';

/** Runs `run` with the mistake that `mutation` names, if it is one of the protocol. */
export async function withMistake<T>(mutation: Mutation | undefined, run: () => Promise<T>): Promise<T> {
  const { ready } = BackupSet.prototype;
  const mistaken = MISTAKES[mutation as string];
  if (mistaken !== undefined) BackupSet.prototype.ready = mistaken;
  try {
    return await run();
  } finally {
    BackupSet.prototype.ready = ready;
  }
}

const MISTAKES: Readonly<Record<string, (this: BackupSet) => BackupPeer[]>> = {
  /** The record names newcomers as soon as they follow the log, whatever they lack of what was released. */
  'recorded-before-caught-up'() {
    return this.all().filter(followsLog).map(believedComplete);
  },
  /** Newcomers that have caught up are recorded at once: nothing waits for them, and they may lack what left meanwhile. */
  'arming-skipped'() {
    const caughtUp = ({ stage, caughtUpAtEvent }: BackupPeer) => stage === 'ready' || caughtUpAtEvent !== undefined;
    return this.all().filter(caughtUp).map(believedComplete);
  },
};

function followsLog(backup: BackupPeer): boolean {
  return backup.followsLog;
}

/** The same backup, except that it seems to have received everything. */
function believedComplete(backup: BackupPeer): BackupPeer {
  return Object.create(backup, { receivedEvent: { value: Number.POSITIVE_INFINITY } });
}
