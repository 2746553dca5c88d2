/**
 * Messages as bytes: msgpack arrays `[tag, epoch, ...fields]`, checked strictly on the way in, because anybody can
 * connect to a port. Tags and field order are part of the protocol version.
 */
import { Packr } from 'msgpackr/pack';
import { ChannelError } from '../errors.js';
import { MESSAGE_SHAPES, type MessageType } from './message-shapes.js';
import type { Heartbeat, Message, State } from './messages.js';

const packr = new Packr({ useRecords: false, moreTypes: false, int64AsType: 'number' });

const TYPES = Object.keys(MESSAGE_SHAPES) as MessageType[];

const TYPE_OF_TAG = new Map(TYPES.map((type) => [MESSAGE_SHAPES[type].tag, type]));

/** The returned bytes are a fresh buffer. */
export function encodeMessage(message: Message): Uint8Array {
  const { tag, fields } = MESSAGE_SHAPES[message.type];
  const values = message as unknown as Record<string, unknown>;
  const row: unknown[] = [tag, message.epoch];
  for (const name of Object.keys(fields)) row.push(values[name] ?? null);
  return packr.pack(row);
}

/** What a message of type `state` takes besides its piece, at most. */
export const STATE_OVERHEAD_BYTES = 32;

/** The same as {@link encodeMessage}, into `target`, which has room for it. Answers the part that was written. */
export function encodeState({ epoch, last, piece }: State, target: Uint8Array): Uint8Array {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  const number = packr.pack(epoch);
  target[0] = ARRAY_OF_FOUR;
  target[1] = MESSAGE_SHAPES.state.tag;
  target.set(number, 2);
  let at = 2 + number.length;
  target[at] = BYTES_32;
  view.setUint32(at + 1, piece.length);
  target.set(piece, at + 5);
  at += 5 + piece.length;
  target[at] = last ? TRUE : FALSE;
  return target.subarray(0, at + 1);
}

/** Of msgpack. */
const ARRAY_OF_FOUR = 0x94;
const BYTES_32 = 0xc6;
const FALSE = 0xc2;
const TRUE = 0xc3;

/** @throws ChannelError FTW_FRAME for bytes that are not a message of this protocol. */
export function decodeMessage(bytes: Uint8Array): Message {
  const row = unpackRow(bytes);
  const type = TYPE_OF_TAG.get(row[0] as number);
  if (type === undefined) throw malformed(`unknown message tag ${describe(row[0])}`);
  const { fields, open } = MESSAGE_SHAPES[type];
  const names = Object.keys(fields);
  if (!open && row.length !== names.length + 2) {
    throw malformed(`${type} has ${row.length} fields instead of ${names.length + 2}`);
  }
  if (!isEpoch(row[1])) throw malformed(`${type} has the epoch ${describe(row[1])}`);
  const message: Record<string, unknown> = { type, epoch: row[1] };
  for (const [index, name] of names.entries()) {
    const value = row[index + 2] ?? null;
    const accepts = fields[name] as (value: unknown) => boolean;
    if (!accepts(value)) throw malformed(`${type} has the ${name} ${describe(value)}`);
    if (value !== null) message[name] = value;
  }
  return message as unknown as Message;
}

/** For datagrams, which carry heartbeats only. @throws ChannelError FTW_FRAME */
export function decodeHeartbeat(bytes: Uint8Array): Heartbeat {
  const message = decodeMessage(bytes);
  if (message.type !== 'heartbeat') throw malformed(`a datagram carries ${message.type} instead of a heartbeat`);
  return message;
}

function unpackRow(bytes: Uint8Array): unknown[] {
  let row: unknown;
  try {
    row = packr.unpack(bytes);
  } catch (error) {
    throw malformed('the bytes are not msgpack', error);
  }
  if (!Array.isArray(row)) throw malformed(`expected an array, got ${describe(row)}`);
  return row;
}

function isEpoch(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function malformed(what: string, cause?: unknown): ChannelError {
  return new ChannelError('FTW_FRAME', `not a message of this protocol: ${what}`, {}, { cause });
}

function describe(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  const text = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
