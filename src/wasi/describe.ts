/** Log entries for people: which call, of what class, and what its result says, as far as the entry alone can tell. */

import type { Entry, LoggedValue } from '../log/entry.js';
import { EVENT } from '../record/call.js';
import { preview } from '../record/divergence.js';
import { ERRNO } from './abi.js';
import { HANGUP_CODE } from './poll/readiness.js';
import { CALL_TABLE } from './table.js';

export interface EntryDescription {
  /** `module.name`, or the name of an event. */
  readonly call: string;
  /** input, output, or event. */
  readonly class: string;
  readonly text: string;
}

const rows = new Map(CALL_TABLE.map((row) => [row.id, row]));
const errnoNames = new Map(Object.entries(ERRNO).map(([name, value]) => [value as number, name]));
const EVENT_NAMES = new Map<number, string>([
  [EVENT.GO_LIVE, 'event.go-live'],
  [EVENT.CONTROL, 'event.control'],
]);
/** Calls whose class depends on the descriptor, and which are outputs when they are logged. */
const OUTPUTS = /^(fd_write|fd_pwrite|fd_close|fd_renumber|sock_send|sock_shutdown)/;

export function describeEntry({ call, result }: Entry): EntryDescription {
  const row = rows.get(call);
  if (row === undefined) {
    const name = EVENT_NAMES.get(call) ?? `call ${call}`;
    return { call: name, class: EVENT_NAMES.has(call) ? 'event' : 'unknown', text: preview(result) };
  }
  const logged = OUTPUTS.test(row.function) ? 'output' : 'input';
  const text = describeResult(row.function, result);
  return { call: row.name, class: row.class === 'descriptor' ? logged : row.class, text };
}

function describeResult(name: string, result: LoggedValue): string {
  if (result === null) return '';
  if (isErrno(result)) return `errno ${errnoNames.get(-Number(result)) ?? -Number(result)}`;
  if (result instanceof Uint8Array) return bytesText(result);
  if (name === 'clock_time_get') return `+${result} ns`;
  if (name === 'sock_accept') return `stream ${result}`;
  if (name === 'poll_oneoff' && Array.isArray(result)) return pollText(result as number[]);
  if (OUTPUTS.test(name) && typeof result === 'number') return `${result} bytes`;
  return preview(result);
}

/** An observed errno is logged as a negative number (results.ts). */
function isErrno(result: LoggedValue): boolean {
  return typeof result === 'number' && result < 0;
}

const TEXT_BYTES = 48;

/** Printable bytes as text, others in hexadecimal. */
function bytesText(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, TEXT_BYTES);
  const isText = shown.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127));
  if (!isText || bytes.length === 0) return preview(bytes);
  const text = JSON.stringify(String.fromCharCode(...shown));
  return `${bytes.length} bytes ${text}${bytes.length > shown.length ? '...' : ''}`;
}

/** Triples: subscription, byte count, errno with a hang-up bit. */
function pollText(fired: readonly number[]): string {
  const events: string[] = [];
  for (let at = 0; at < fired.length; at += 3) {
    const [subscription, bytes = 0, code = 0] = fired.slice(at, at + 3);
    const errno = code & (HANGUP_CODE - 1);
    const what = [
      bytes > 0 ? `${bytes} bytes` : 'ready',
      ...(errno > 0 ? [`errno ${errnoNames.get(errno) ?? errno}`] : []),
      ...((code & HANGUP_CODE) !== 0 ? ['hang-up'] : []),
    ];
    events.push(`#${subscription} ${what.join(', ')}`);
  }
  return events.join('; ');
}
