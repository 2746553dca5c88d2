/**
 * Batches: some consecutive entries in one msgpackr array. All numbers of an entry sit side by side in that array, without
 * keys, and counters are distances, so that a typical entry costs about ten bytes plus its result.
 *
 * Layout: `[LOG_FORMAT_VERSION, firstEvent, baseCounter, (call, counter delta, digest, result)*]`. The first delta is from
 * `baseCounter`, each later one from the entry before.
 */
import { Packr } from 'msgpackr/pack';
import { LogFormatError } from '../errors.js';
import type { Entry, LoggedValue } from './entry.js';
import { LOG_FORMAT_VERSION } from './version.js';

const HEADER_FIELDS = 3;
const ENTRY_FIELDS = 4;
/** Results nest as deep as a call's row says, which is little; a damaged batch must not exhaust the stack. */
const RESULT_DEPTH_MAX = 8;

const packr = new Packr({ useRecords: false, int64AsType: 'bigint' });

export interface DecodedBatch {
  readonly firstEvent: number;
  readonly lastEvent: number;
  /** Counter of the last entry; `baseCounter` of the batch if it is empty. */
  readonly lastCounter: number;
  readonly entries: readonly Entry[];
}

/**
 * Packs entries numbered `firstEvent`, `firstEvent + 1`, ... . `baseCounter`: counter of the entry before the first (0 for
 * the first of all). The result is the caller's own.
 */
export function encodeBatch(firstEvent: number, baseCounter: number, entries: readonly Entry[]): Uint8Array {
  const flat: LoggedValue[] = new Array(HEADER_FIELDS + entries.length * ENTRY_FIELDS);
  flat[0] = LOG_FORMAT_VERSION;
  flat[1] = firstEvent;
  flat[2] = baseCounter;
  let at = HEADER_FIELDS;
  let counter = baseCounter;
  for (const entry of entries) {
    flat[at++] = entry.call;
    flat[at++] = entry.counter - counter;
    flat[at++] = entry.digest;
    flat[at++] = entry.result;
    counter = entry.counter;
  }
  return plainArray(packr.pack(flat));
}

/** The same bytes without node's Buffer around them, whose `slice` is a view where everybody else's is a copy. */
function plainArray(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Results may be views into `bytes`, which must not change while they are used. Throws LogFormatError, nothing else. */
export function decodeBatch(bytes: Uint8Array): DecodedBatch {
  const flat = unpackArray(bytes);
  if (flat[0] !== LOG_FORMAT_VERSION) {
    throw new LogFormatError(
      `log batch has format version ${String(flat[0])}; this program reads ${LOG_FORMAT_VERSION}`,
      {
        version: flat[0],
      },
    );
  }
  const firstEvent = count(flat, 1, 'first event number');
  const baseCounter = count(flat, 2, 'base counter');
  if ((flat.length - HEADER_FIELDS) % ENTRY_FIELDS !== 0) throw damaged(`${flat.length} fields make no whole entries`);
  const entries = decodeEntries(flat, baseCounter);
  const lastCounter = entries.at(-1)?.counter ?? baseCounter;
  return { firstEvent, lastEvent: firstEvent + entries.length - 1, lastCounter, entries };
}

/**
 * The numbers of a batch's first and last entry, from its first bytes alone. Throws LogFormatError for what does not begin
 * as a batch of this version.
 */
export function batchRange(bytes: Uint8Array): { readonly firstEvent: number; readonly lastEvent: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    // MessagePack: a list of up to 15, of 16-bit or of 32-bit length; then the version, a small number; then the event.
    const tag = view.getUint8(0);
    const listAt = tag === 0xdc ? 3 : tag === 0xdd ? 5 : 1;
    const fields = tag === 0xdc ? view.getUint16(1) : tag === 0xdd ? view.getUint32(1) : tag & 0x0f;
    if (view.getUint8(listAt) !== LOG_FORMAT_VERSION || (listAt === 1 && tag >> 4 !== 9))
      throw damaged('it does not begin as one');
    const firstEvent = packedCount(view, listAt + 1);
    return { firstEvent, lastEvent: firstEvent + (fields - HEADER_FIELDS) / ENTRY_FIELDS - 1 };
  } catch (error) {
    throw error instanceof RangeError ? damaged('it is too short') : error;
  }
}

/** A whole number as MessagePack has it. */
function packedCount(view: DataView, at: number): number {
  const tag = view.getUint8(at);
  if (tag < 0x80) return tag;
  switch (tag) {
    case 0xcc:
      return view.getUint8(at + 1);
    case 0xcd:
      return view.getUint16(at + 1);
    case 0xce:
      return view.getUint32(at + 1);
    case 0xcb:
      return view.getFloat64(at + 1);
    case 0xcf:
      return Number(view.getBigUint64(at + 1));
    default:
      throw damaged('its first event is no number');
  }
}

function unpackArray(bytes: Uint8Array): unknown[] {
  let value: unknown;
  try {
    value = packr.unpack(plainArray(bytes));
  } catch (cause) {
    throw new LogFormatError(
      `log batch of ${bytes.length} bytes is damaged: ${(cause as Error).message}`,
      {},
      { cause },
    );
  }
  if (!Array.isArray(value) || value.length < HEADER_FIELDS) throw damaged('it is not a list of entries');
  return value;
}

function decodeEntries(flat: readonly unknown[], baseCounter: number): Entry[] {
  const entries: Entry[] = [];
  let counter = baseCounter;
  for (let at = HEADER_FIELDS; at < flat.length; at += ENTRY_FIELDS) {
    counter += count(flat, at + 1, 'counter');
    entries.push({
      call: count(flat, at, 'call id'),
      counter,
      digest: count(flat, at + 2, 'digest'),
      result: checkResult(flat[at + 3], 0),
    });
  }
  if (!Number.isSafeInteger(counter)) throw damaged('counters exceed 2^53');
  return entries;
}

function count(flat: readonly unknown[], at: number, what: string): number {
  const value = flat[at];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw damaged(`field ${at} is no ${what}`);
  return value;
}

function checkResult(value: unknown, depth: number): LoggedValue {
  switch (typeof value) {
    case 'number':
    case 'bigint':
    case 'string':
    case 'boolean':
      return value;
    default:
  }
  if (value === null || value instanceof Uint8Array) return value;
  if (!Array.isArray(value) || depth === RESULT_DEPTH_MAX) throw damaged('a result is of no type that a log can hold');
  for (const item of value) checkResult(item, depth + 1);
  return value as LoggedValue;
}

function damaged(reason: string): LogFormatError {
  return new LogFormatError(`log batch is damaged: ${reason}`, { reason });
}
