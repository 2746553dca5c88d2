import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { ChannelError } from '../../../src/errors.js';
import {
  decodeHeartbeat,
  decodeMessage,
  encodeMessage,
  encodeState,
  STATE_OVERHEAD_BYTES,
} from '../../../src/replica/codec.js';
import { MESSAGE_SHAPES } from '../../../src/replica/message-shapes.js';
import type { Message, State } from '../../../src/replica/messages.js';
import { ack, heartbeat, hello } from './support.js';

const packr = new Packr({ useRecords: false });
const member = { id: 'a', incarnation: 'a1' };

const SAMPLES: { [T in Message['type']]: Message & { type: T } } = {
  hello: hello('b') as Message & { type: 'hello' },
  welcome: { type: 'welcome', epoch: 3, ...member, firstEvent: 6, reign: 3, history: [{ reign: 1, event: 5 }] },
  refuse: { type: 'refuse', epoch: 3, code: 'manifest-mismatch', reason: 'module differs', differs: ['module'] },
  configured: {
    type: 'configured',
    epoch: 4,
    members: [member, { id: 'b', incarnation: 'b1', address: 'b:1' }],
    acks: 1,
  },
  append: {
    type: 'append',
    epoch: 4,
    firstEvent: 5,
    lastEvent: 9,
    counter: 2 ** 52,
    batch: new Uint8Array([0, 1, 255]),
  },
  state: { type: 'state', epoch: 4, piece: new Uint8Array([7, 0]), last: true },
  captured: { type: 'captured', epoch: 4, event: 9, counter: 2 ** 40, outputs: new Uint8Array([1]) },
  'state-ack': { type: 'state-ack', epoch: 4, bytes: 2 },
  position: { type: 'position', epoch: 4, ...member, logEnd: { reign: 2, event: 9 }, primary: member },
  outputs: { type: 'outputs', epoch: 4, event: 9, outputs: new Uint8Array([3]) },
  succeeded: { type: 'succeeded', epoch: 4 },
  ack: ack(9, 7) as Message & { type: 'ack' },
  released: { type: 'released', epoch: 4, event: 9, everywhere: 7 },
  handover: { type: 'handover', epoch: 4, generation: 7, lastEvent: 9 },
  live: { type: 'live', epoch: 5 },
  leaving: { type: 'leaving', epoch: 4 },
  finished: { type: 'finished', epoch: 4, outcome: { exitCode: 3, description: 'exited with code 3' } },
  diverged: { type: 'diverged', epoch: 4, report: 'event 2 differs' },
  heartbeat: heartbeat('a', { sentMs: 12.5, echoMs: 0.25, executed: 8 }),
};

describe('a message comes back as it went', () => {
  test.each(Object.values(SAMPLES).map((message) => [message.type, message] as const))('%s', (_, message) => {
    const decoded = decodeMessage(encodeMessage(message));
    expect(normalised(decoded)).toEqual(normalised(message));
  });

  test('a refusal without differences', () => {
    const message: Message = { type: 'refuse', epoch: 1, code: 'not-capturable', reason: 'it has run' };
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
  });
});

/** Buffers and plain arrays of the same bytes count as equal. */
function normalised(message: Message): unknown {
  const plain = Object.entries(message).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? [...value] : value,
  ]);
  return Object.fromEntries(plain);
}

test('tags are distinct', () => {
  const tags = Object.values(MESSAGE_SHAPES).map((shape) => shape.tag);
  expect(new Set(tags).size).toBe(tags.length);
});

describe('anything else is refused', () => {
  test.each([
    ['nothing', []],
    ['not an array', packr.pack({ type: 'ack' })],
    ['an unknown tag', packr.pack([99, 1])],
    ['no epoch', packr.pack([9])],
    ['a negative epoch', packr.pack([9, -1])],
    ['a missing field', packr.pack([7, 1])],
    ['a field too many', packr.pack([7, 1, 2, 3, 4])],
    ['a fraction for an event', packr.pack([7, 1, 1.5, 0])],
    ['a string for an event', packr.pack([7, 1, '1', 0])],
    ['an event past 2^53', packr.pack([7, 1, 2n ** 60n, 0])],
    ['a foreign refusal', packr.pack([3, 1, 'no-reason', 'x', null])],
    ['a string for bytes', packr.pack([5, 1, 1, 1, 1, 'batch'])],
    ['a position with more in it', packr.pack([6, 1, 1, { counter: 1, event: 1, more: 1 }])],
    ['a manifest that is a list', packr.pack([1, 1, 'b', 'b1', 1, 'kv', ['m'], 'b:1', { counter: 0, event: 0 }])],
    ['a time that is not a number', packr.pack([13, 1, 'b', 'b1', 'backup', { counter: 0, event: 0 }, Number.NaN, 0])],
    ['an HTTP request', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')],
  ])('%s', (_, bytes) => {
    expect(() => decodeMessage(Uint8Array.from(bytes))).toThrow(ChannelError);
  });

  test('every truncation of every message', () => {
    for (const message of Object.values(SAMPLES)) {
      const bytes = encodeMessage(message);
      for (let length = 0; length < bytes.length; length++) {
        expect(() => decodeMessage(bytes.subarray(0, length))).toThrow(ChannelError);
      }
    }
  });

  test('arbitrary bytes never cause anything but a ChannelError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeMessage(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ChannelError);
        }
      }),
      { numRuns: 5_000, seed: 42 },
    );
  });

  test('bytes with one bit flipped are a message or a ChannelError', () => {
    for (const message of Object.values(SAMPLES)) {
      const bytes = encodeMessage(message);
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = Uint8Array.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        try {
          expect(Object.keys(MESSAGE_SHAPES)).toContain(decodeMessage(flipped).type);
        } catch (error) {
          expect(error).toBeInstanceOf(ChannelError);
        }
      }
    }
  });

  test('a datagram that is not a heartbeat', () => {
    expect(() => decodeHeartbeat(encodeMessage(SAMPLES.live))).toThrow(/a datagram carries live/);
    expect(decodeHeartbeat(encodeMessage(SAMPLES.heartbeat))).toEqual(SAMPLES.heartbeat);
  });
});

test.each([0, 1, 255, 70_000])('a state of %i bytes is written into a buffer as it is written otherwise', (length) => {
  for (const epoch of [0, 127, 128, 70_000, 2 ** 33]) {
    const piece = new Uint8Array(length).fill(7);
    for (const last of [false, true]) {
      const bytes = encodeState({ type: 'state', epoch, piece, last }, new Uint8Array(length + STATE_OVERHEAD_BYTES));
      const decoded = decodeMessage(bytes) as State;
      expect({ ...decoded, piece: Buffer.from(decoded.piece) }).toEqual({
        ...{ type: 'state', epoch, last },
        piece: Buffer.from(piece),
      });
    }
  }
});

test('hello and refuse of a later version may be longer, so that versions can be told apart', () => {
  const row = packr.unpack(encodeMessage({ ...SAMPLES.hello, protocolVersion: 2 })) as unknown[];
  expect(decodeMessage(packr.pack([...row, 'new field']))).toMatchObject({ type: 'hello', protocolVersion: 2 });
});
