/** Logged results by name, for people and tools: what each call's entry says. A test asks for every call that logs. */
import type { LoggedValue } from '../log/entry.js';
import { ERRNO, FILETYPE } from './abi.js';
import { HANGUP_CODE } from './poll/readiness.js';

/** Named parts of a result: plain values. */
export type Fields = Readonly<Record<string, unknown>>;

type Decoder = (result: LoggedValue) => Fields;

const errnoNames = namesOf(ERRNO);
const filetypeNames = namesOf(FILETYPE);

function namesOf(numbers: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(numbers).map(([name, value]) => [value, name]));
}

export function errnoName(errno: number): string | number {
  return errnoNames.get(errno) ?? errno;
}

function filetypeName(filetype: number): string {
  return filetype < 0 ? 'none' : (filetypeNames.get(filetype) ?? String(filetype)).toLowerCase();
}

/** A result that is one value. */
const one =
  (name: string): Decoder =>
  (result) => ({ [name]: result });

const nothing: Decoder = () => ({});

/** Triples: subscription, byte count, errno with a hang-up bit. */
const pollEvents: Decoder = (result) => {
  const numbers = result as readonly number[];
  const events: Fields[] = [];
  for (let at = 0; at < numbers.length; at += 3) {
    const [subscription, bytes, code = 0] = numbers.slice(at, at + 3);
    const errno = code & (HANGUP_CODE - 1);
    const hangup = (code & HANGUP_CODE) !== 0;
    events.push({ subscription, bytes, ...(errno > 0 && { errno: errnoName(errno) }), ...(hangup && { hangup }) });
  }
  return { events };
};

const addresses: Decoder = (result) => ({
  addresses: (result as readonly (readonly number[])[]).map((octets) =>
    octets.length === 4
      ? octets.join('.')
      : octets.map((octet, at) => octet.toString(16).padStart(2, '0') + (at % 2 === 1 && at < 15 ? ':' : '')).join(''),
  ),
});

/** On shared storage a call may look first, and change something in an entry of its own. */
const look: Decoder = (result) => {
  if (typeof result === 'string') return { target: result };
  if (!Array.isArray(result)) return { done: true };
  if (result.length === 1 && typeof result[0] === 'number') return { size: result[0] };
  if (result.length === 7 && typeof result[0] === 'number') return status(result);
  if (result.length === 2 && typeof result[0] === 'string') {
    return { path: result[0], filetype: filetypeName(Number(result[1])) };
  }
  return { entries: result.map((entry) => listed(entry as readonly LoggedValue[])) };
};

function status([filetype, inode, links, size, atimNs, mtimNs, ctimNs]: readonly LoggedValue[]): Fields {
  return { filetype: filetypeName(Number(filetype)), inode, links, size, atimNs, mtimNs, ctimNs };
}

function listed([name, filetype, inode]: readonly LoggedValue[]): Fields {
  return { name, filetype: filetypeName(Number(filetype)), inode };
}

const BY_NAME: Readonly<Record<string, Decoder>> = {
  clock_time_get: one('passedNs'),
  random_get: one('bytes'),
  poll_oneoff: pollEvents,
  fd_read: one('bytes'),
  fd_pread: one('bytes'),
  fd_write: (result) => (Array.isArray(result) ? look(result) : { count: result }),
  fd_pwrite: one('count'),
  fd_close: nothing,
  fd_renumber: nothing,
  sock_accept: one('stream'),
  sock_connect: one('stream'),
  sock_getaddrinfo: addresses,
  sock_recv: one('bytes'),
  sock_recv_from: one('bytes'),
  sock_send: one('count'),
  sock_send_to: one('count'),
  sock_shutdown: nothing,
};

/** `name`: the function's, without its module. An observed errno (a negative number, see results.ts) is named. */
export function decodeResult(name: string, result: LoggedValue): Fields {
  if (typeof result === 'number' && result < 0) return { errno: errnoName(-result) };
  return (BY_NAME[name] ?? look)(result);
}

/** Calls whose results have a shape of their own; the others are those of shared storage. */
export const DECODED_CALLS: ReadonlySet<string> = new Set(Object.keys(BY_NAME));
