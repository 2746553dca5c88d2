/** Log entries for people: which call, of what class, and what its result says, as far as the entry alone can tell. */

import type { Entry, LoggedValue } from '../log/entry.js';
import { EVENT } from '../record/call.js';
import { preview } from '../record/divergence.js';
import { decodeResult, type Fields } from './decode-result.js';
import { CALL_TABLE } from './table.js';

export interface EntryDescription {
  /** `module.name`, or the name of an event. */
  readonly call: string;
  /** input, output, or event. */
  readonly class: string;
  /** The result's parts by name. */
  readonly fields: Fields;
  /** The same as one line. */
  readonly text: string;
}

const rows = new Map(CALL_TABLE.map((row) => [row.id, row]));
const EVENT_NAMES = new Map<number, string>([
  [EVENT.GO_LIVE, 'event.go-live'],
  [EVENT.CONTROL, 'event.control'],
]);
/** Calls whose class depends on the descriptor, and which are outputs when they are logged with a number. */
const OUTPUTS =
  /^(fd_(write|pwrite|close|renumber|allocate|filestat_set_.*)|path_(create_directory|link|open|remove_directory|rename|symlink|unlink_file|filestat_set_times))$/;

export function describeEntry({ call, result }: Entry): EntryDescription {
  const row = rows.get(call);
  if (row === undefined) {
    const name = EVENT_NAMES.get(call) ?? `call ${call}`;
    const fields = result === null ? {} : { value: result };
    return { call: name, class: EVENT_NAMES.has(call) ? 'event' : 'unknown', fields, text: fieldsText(fields) };
  }
  const fields = decodeResult(row.function, result);
  const logged = OUTPUTS.test(row.function) && isOutcome(result) ? 'output' : 'input';
  return {
    call: row.name,
    class: row.class === 'descriptor' ? logged : row.class,
    fields,
    text: fieldsText(fields),
  };
}

/** What an output says of itself; a look that comes before it lists what it found. */
function isOutcome(result: LoggedValue): boolean {
  return typeof result === 'number' || result === null;
}

/** `stream 7, errno AGAIN`; what holds several parts is put in braces. */
export function fieldsText(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => UNITS[name]?.(value) ?? (value === true ? name : `${name} ${valueText(value)}`))
    .join(', ');
}

/** Fields that read better by their unit. */
const UNITS: Readonly<Record<string, (value: unknown) => string>> = {
  passedNs: (value) => `+${value} ns`,
  count: (value) => `${value} bytes`,
  bytes: (value) => (value instanceof Uint8Array ? bytesText(value) : `${value} bytes`),
};

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(' ');
  if (typeof value === 'object' && value !== null) return `{${fieldsText(value as Fields)}}`;
  return typeof value === 'string' && /[^\w./:-]/.test(value) ? JSON.stringify(value) : String(value);
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
