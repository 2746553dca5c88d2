/**
 * Arguments of host calls by name, for people and tools, as they are when the call is made: paths and names as text, what is
 * about to be written as bytes, and what is waited for one by one; the rest as the numbers that they are.
 */
import type { CallArgs } from '../record/call.js';
import { EVENTTYPE } from './abi.js';
import type { Fields } from './decode-result.js';

const IOVEC_BYTES = 8;
const SUBSCRIPTION_BYTES = 48;
/** So much of what is written is shown; if it was more, `total` says how much. */
const SHOWN_BYTES = 256;
const SHOWN_ITEMS = 64;

const utf8 = new TextDecoder();

/** What is known of a call. */
interface Called {
  readonly name: string;
  readonly params: readonly string[];
}

/** `memory`: the guest's, whose pointers may lead nowhere. */
export function describeArguments(call: Called, args: CallArgs, memory: Uint8Array): Fields {
  const fields: Record<string, unknown> = {};
  for (let at = 0; at < call.params.length; at++) {
    const name = call.params[at]!;
    const next = call.params[at + 1];
    const decoded =
      next === `${name}_len` ? buffer(call.name, name, [args[at], args[at + 1]], memory) : list(name, args, at, memory);
    if (decoded === undefined) fields[name] = args[at];
    else Object.assign(fields, decoded);
    if (decoded !== undefined && next === `${name}_len`) at++;
  }
  return fields;
}

type Pair = readonly [number | bigint | undefined, number | bigint | undefined];

/** A pointer and a length; undefined where they say nothing that could be read. */
function buffer(call: string, name: string, [pointer, length]: Pair, memory: Uint8Array): Fields | undefined {
  if (typeof pointer !== 'number' || typeof length !== 'number') return undefined;
  if (/(^|_)path$|^node$|^server$/.test(name) && !call.endsWith('.fd_prestat_dir_name')) {
    const bytes = slice(memory, pointer, length);
    return bytes && { [name]: utf8.decode(bytes) };
  }
  if (name !== 'iovs' && name !== 'ri_data' && name !== 'si_data') return undefined;
  const parts = iovecs(memory, pointer, length);
  if (parts === undefined) return undefined;
  const count = parts.reduce((sum, part) => sum + part.length, 0);
  if (!/\.(fd_p?write|sock_send(_to)?)$/.test(call)) return { room: count };
  return { bytes: joined(parts), ...(count > SHOWN_BYTES && { total: count }) };
}

function slice(memory: Uint8Array, pointer: number, length: number): Uint8Array | undefined {
  return pointer + length <= memory.length ? memory.subarray(pointer, pointer + length) : undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function iovecs(memory: Uint8Array, pointer: number, count: number): Uint8Array[] | undefined {
  const table = slice(memory, pointer, count * IOVEC_BYTES);
  if (table === undefined) return undefined;
  const view = viewOf(table);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < table.length; at += IOVEC_BYTES) {
    const part = slice(memory, view.getUint32(at, true), view.getUint32(at + 4, true));
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return parts;
}

/** The beginning of all parts. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(SHOWN_BYTES);
  let length = 0;
  for (const part of parts) {
    const shown = part.subarray(0, SHOWN_BYTES - length);
    bytes.set(shown, length);
    length += shown.length;
  }
  return bytes.slice(0, length);
}

/** What poll_oneoff waits for. */
function list(name: string, args: CallArgs, at: number, memory: Uint8Array): Fields | undefined {
  if (name !== 'in') return undefined;
  const [pointer, , count] = args.slice(at);
  if (typeof pointer !== 'number' || typeof count !== 'number') return undefined;
  const table = slice(memory, pointer, count * SUBSCRIPTION_BYTES);
  if (table === undefined) return undefined;
  const view = viewOf(table);
  return { subscriptions: Array.from({ length: Math.min(count, SHOWN_ITEMS) }, (_, item) => subscription(view, item)) };
}

/** A `subscription` of preview1: userdata, tag, and what the tag says. */
function subscription(view: DataView, item: number): Fields {
  const at = item * SUBSCRIPTION_BYTES;
  const tag = view.getUint8(at + 8);
  if (tag !== EVENTTYPE.CLOCK) return { [tag === EVENTTYPE.FD_READ ? 'read' : 'write']: view.getUint32(at + 16, true) };
  const until = (view.getUint16(at + 40, true) & 1) === 1;
  return { clock: view.getUint32(at + 16, true), [until ? 'untilNs' : 'forNs']: view.getBigUint64(at + 24, true) };
}
