/** The one table of what each message carries, in wire order, and what is accepted in each field. */
import type { Message } from './messages.js';

export type MessageType = Message['type'];

export type Check = (value: unknown) => boolean;

export interface MessageShape {
  /** First element on the wire; never reused. */
  readonly tag: number;
  readonly fields: Readonly<Record<string, Check>>;
  /**
   * Later versions may add fields at the end, optional ones: each can still tell the other that their versions differ.
   */
  readonly open?: boolean;
}

const text: Check = (value) => typeof value === 'string';
const bytes: Check = (value) => value instanceof Uint8Array;
const whole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const integer: Check = (value) => Number.isSafeInteger(value);
const time: Check = (value) => Number.isFinite(value) && (value as number) >= 0;
const oneOf =
  (...allowed: string[]): Check =>
  (value) =>
    typeof value === 'string' && allowed.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const optional =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
/** Exactly these fields, in any order. */
const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) &&
    Object.keys(value).length === Object.keys(fields).length &&
    Object.entries(fields).every(([name, check]) => Object.hasOwn(value, name) && check(value[name]));
const mapOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);

const position = object({ counter: whole, event: whole });
const member = { id: text, incarnation: text };
const logEnd = object({ reign: whole, event: whole });
const flag: Check = (value) => typeof value === 'boolean';
/** As it stands in the arbiter's record: with its address, where it has one. */
const recorded: Check = (value) => object(member)(value) || object({ ...member, address: text })(value);
const outcome = object({ exitCode: integer, description: text });

export const MESSAGE_SHAPES: Readonly<Record<MessageType, MessageShape>> = {
  hello: {
    tag: 1,
    open: true,
    fields: {
      ...member,
      protocolVersion: whole,
      service: text,
      manifest: mapOf(text),
      logAddress: text,
      logEnd: optional(logEnd),
    },
  },
  welcome: { tag: 2, fields: { ...member, firstEvent: whole, reign: whole, history: listOf(logEnd) } },
  refuse: {
    tag: 3,
    open: true,
    fields: {
      code: oneOf(
        'protocol-version',
        'manifest-mismatch',
        'service-mismatch',
        'not-capturable',
        'duplicate-id',
        'not-primary',
        'not-resumable',
        'shutting-down',
      ),
      reason: text,
      differs: optional(listOf(text)),
    },
  },
  configured: { tag: 4, fields: { members: listOf(recorded), acks: optional(whole) } },
  append: { tag: 5, fields: { firstEvent: whole, lastEvent: whole, counter: whole, batch: bytes } },
  ack: { tag: 6, fields: { receivedEvent: whole, executed: position } },
  released: { tag: 7, fields: { event: whole, everywhere: whole } },
  handover: { tag: 8, fields: { generation: whole, lastEvent: whole } },
  live: { tag: 9, fields: {} },
  leaving: { tag: 10, fields: {} },
  finished: { tag: 11, fields: { outcome } },
  diverged: { tag: 12, fields: { report: text } },
  heartbeat: {
    tag: 13,
    fields: { ...member, role: oneOf('primary', 'backup'), executed: position, sentMs: time, echoMs: time },
  },
  state: { tag: 14, fields: { piece: bytes, last: flag } },
  captured: { tag: 15, fields: { event: whole, counter: whole, outputs: bytes } },
  position: { tag: 17, fields: { ...member, logEnd, primary: object(member) } },
  'state-ack': { tag: 16, fields: { bytes: whole } },
  outputs: { tag: 18, fields: { event: whole, outputs: bytes } },
  succeeded: { tag: 19, fields: {} },
};
