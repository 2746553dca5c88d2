/**
 * One process at a time writes a durable directory. Each that wants to leaves a file that says who it is, and then looks
 * for others: whoever sees another one that is alive steps back. As nobody ever takes a file over, there is no moment at
 * which two can think that they have it; at worst two that come at the same time both step back.
 */
import { randomUUID } from 'node:crypto';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { durableError } from '../format.js';

/** Who holds a directory. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  /** When the process was started, in the system's own words: process ids are used again. Empty where it is not known. */
  readonly started: string;
}

const LOCK = /^lock-[0-9a-f-]{36}$/;

export interface DirectoryLock {
  /** Gives the directory back. Never rejects. */
  release(): Promise<void>;
}

/** Rejects with FTW_DURABLE if another process has the directory, with what the file system says if it cannot be written. */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  const own = `lock-${randomUUID()}`;
  await writeHolder(join(path, own), { host: hostname(), pid: process.pid, started: await startOf(process.pid) });
  const release = (): Promise<void> => rm(join(path, own), { force: true }).catch(() => {});
  try {
    for (const name of await readdir(path)) {
      if (LOCK.test(name) && name !== own) await stepOverDead(path, name);
    }
    return { release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function stepOverDead(path: string, name: string): Promise<void> {
  const holder = await readHolder(join(path, name));
  if (holder === undefined) return;
  const who = `process ${holder.pid} on ${holder.host}`;
  if (holder.host !== hostname()) {
    const advice = `once you are sure that it does not run any more, ${freeing(join(path, name))}`;
    throw durableError(`${path} is in use by ${who}, which cannot be asked from here; ${advice}`, { ...holder });
  }
  if (await isAlive(holder)) throw durableError(`${path} is in use by ${who}`, { ...holder });
  await rm(join(path, name), { force: true });
}

/** What an operator is to do about a lock that nobody will give back. */
function freeing(path: string): string {
  return `free the directory by: rm '${path.replaceAll("'", "'\\''")}'`;
}

async function isAlive({ pid, started }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of another user cannot be asked, but is there.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = await startOf(pid);
  return started === '' || now === '' || now === started;
}

/** On Linux: the boot, and when within it the process was started (proc(5), field 22 of stat). */
async function startOf(pid: number): Promise<string> {
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field, the command in parentheses, may contain anything.
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return start === undefined ? '' : `${boot} ${start}`;
  } catch {
    return '';
  }
}

async function writeHolder(path: string, holder: Holder): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(JSON.stringify(holder));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Undefined if it has gone meanwhile. One that is still being written belongs to somebody who comes right now. */
async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Holder;
  } catch {
    const advice = `if it is still there when you try again, ${freeing(path)}`;
    throw durableError(`another process takes the directory, or has died while it did so; ${advice}`, { path });
  }
}
