/**
 * wasi_unstable (snapshot 0): preview1 with other layouts of filestat and of clock subscriptions, and with `whence` in
 * another order. Everything else is the same, so the rows are derived, under ids of their own.
 */
import { ERRNO, WHENCE } from '../abi.js';
import { fdSeek, filestatWith } from '../calls/fd-file.js';
import { pathFilestatWith } from '../calls/path.js';
import { pollWith } from '../calls/poll.js';
import type { WasiContext, WasiStep } from '../context.js';
import type { FilestatWriter } from '../fs/filestat.js';
import type { SubscriptionLayout } from '../poll/subscription.js';
import { PREVIEW1_CALLS } from './preview1.js';
import type { CallRow, WasiHandler } from './row.js';

const MODULE = 'wasi_unstable';
const ID_OFFSET = 64;
const FILESTAT_BYTES = 56;

/** A clock subscription begins with an identifier of its own. */
const SUBSCRIPTION: SubscriptionLayout = { bytes: 56, clock: 24, timeout: 32, flags: 48 };

/** By snapshot 0's numbers: CUR, END, SET. */
const WHENCES = [WHENCE.CUR, WHENCE.END, WHENCE.SET];

/** The link count has 32 bits here, which moves everything behind it. */
const writeFilestat: FilestatWriter = (memory, pointer, stat) => {
  memory.slice(pointer, FILESTAT_BYTES).fill(0);
  memory.setU64(pointer, BigInt(stat.device));
  memory.setU64(pointer + 8, BigInt(stat.inode));
  memory.view.setUint8(pointer + 16, stat.filetype);
  memory.setU32(pointer + 20, stat.links);
  memory.setU64(pointer + 24, BigInt(stat.size));
  memory.setU64(pointer + 32, stat.atimNs);
  memory.setU64(pointer + 40, stat.mtimNs);
  memory.setU64(pointer + 48, stat.ctimNs);
};

function seek(ctx: WasiContext, fd: number, offset: bigint, whence: number, newOffset: number): WasiStep {
  const known = WHENCES[whence];
  return known === undefined ? ERRNO.INVAL : fdSeek(ctx, fd, offset, known, newOffset);
}

const OWN_HANDLERS: Readonly<Record<string, WasiHandler>> = {
  fd_seek: seek,
  fd_filestat_get: filestatWith.bind(null, writeFilestat),
  path_filestat_get: pathFilestatWith.bind(null, writeFilestat),
  poll_oneoff: pollWith.bind(null, SUBSCRIPTION),
};

/** Snapshot 0 cannot accept connections. */
const ABSENT: ReadonlySet<string> = new Set(['sock_accept']);

export const UNSTABLE_CALLS: readonly CallRow[] = PREVIEW1_CALLS.filter((row) => !ABSENT.has(row.function)).map(
  (row) => ({
    ...row,
    id: row.id + ID_OFFSET,
    module: MODULE,
    name: `${MODULE}.${row.function}`,
    handler: OWN_HANDLERS[row.function] ?? row.handler,
  }),
);
