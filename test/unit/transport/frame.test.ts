import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 as bytesCrc32 } from '../../../src/bytes/crc32.js';
import { ChannelError } from '../../../src/errors.js';
import { type Crc32, encodeFrame, FRAME_HEADER_BYTES, type Frame, FrameType } from '../../../src/transport/frame.js';
import { FrameDecoder } from '../../../src/transport/frame-decoder.js';
import { FrameWriter } from '../../../src/transport/frame-writer.js';
import { crc32 } from '../../../src/transport/node/crc32.js';

const HELLO: Frame = { type: FrameType.Peer, epoch: 7, payload: new TextEncoder().encode('hello') };

const portableCrc32: Crc32 = (bytes, seed = 0) => bytesCrc32(bytes, 0, bytes.length, seed);

function decodeAll(chunks: Iterable<Uint8Array>, payloadBytesMax?: number): Frame[] {
  const decoder = new FrameDecoder({ crc32, payloadBytesMax });
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk, (frame) => frames.push({ ...frame, payload: frame.payload.slice() }));
  }
  return frames;
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
}

function refusal(...chunks: Uint8Array[]): ChannelError {
  try {
    decodeAll(chunks);
  } catch (error) {
    if (error instanceof ChannelError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('frames', () => {
  it('have these bytes', () => {
    expect(Buffer.from(encodeFrame(HELLO, crc32)).toString('hex')).toBe(
      // magic and version, type, length, epoch, header CRC, frame CRC, payload
      '46545701' + '01000000' + '05000000' + '0700000000000000' + '497e84c7' + 'c4b9948a' + '68656c6c6f',
    );
  });

  it('use the same CRC in Node and in JavaScript', () => {
    for (const bytes of [0, 5, 96, 97, 5000]) {
      const frame = { ...HELLO, payload: new Uint8Array(bytes).map((_, i) => i * 7) };
      expect(encodeFrame(frame, portableCrc32)).toEqual(encodeFrame(frame, crc32));
    }
  });

  it('carry epochs up to 2^53 - 1 and refuse others to be sent', () => {
    const frame = { ...HELLO, epoch: Number.MAX_SAFE_INTEGER };
    expect(decodeAll([encodeFrame(frame, crc32)])).toEqual([frame]);
    expect(() => encodeFrame({ ...HELLO, epoch: -1 }, crc32)).toThrow('epoch -1');
    expect(() => encodeFrame({ ...HELLO, epoch: 0.5 }, crc32)).toThrow('epoch 0.5');
  });

  it('survive any way of cutting the stream', () => {
    const frames = fc.array(
      fc.record({
        type: fc.constantFrom(...Object.values(FrameType)),
        epoch: fc.maxSafeNat(),
        payload: fc.uint8Array({ maxLength: 200 }),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1 }), (sent, sizes) => {
        const stream = concat(sent.map((frame) => encodeFrame(frame, crc32)));
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; at += chunks.at(-1)!.length, i++) {
          chunks.push(stream.slice(at, at + sizes[i % sizes.length]!));
        }
        expect(decodeAll(chunks)).toEqual(sent);
      }),
    );
  });

  it('never turn damage into another frame', () => {
    const bytes = encodeFrame(HELLO, crc32);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(refusal(damaged).code).toBe('FTW_FRAME');
    }
  });

  it('a damaged length is found before the payload is awaited', () => {
    const bytes = encodeFrame(HELLO, crc32);
    bytes[9] = 0xff;
    expect(refusal(bytes.slice(0, FRAME_HEADER_BYTES)).message).toMatch(
      /offset 0: header CRC is 0x[0-9a-f]{8}, expected/,
    );
  });

  it('names the offset of a damaged frame', () => {
    const good = encodeFrame(HELLO, crc32);
    const bad = good.slice();
    bad[FRAME_HEADER_BYTES] = 0;
    expect(refusal(concat([good, bad])).message).toMatch(/stream offset 33: frame CRC/);
    expect(refusal(good, text('GET / HTTP')).message).toContain('stream offset 33: no frame starts here');
  });

  it('bounds the payload', () => {
    const bytes = encodeFrame({ ...HELLO, payload: new Uint8Array(101) }, crc32);
    expect(() => decodeAll([bytes], 100)).toThrow('payload of 101 bytes is above the limit of 100');
    expect(decodeAll([bytes], 101)).toHaveLength(1);
  });

  it('refuses another version by number', () => {
    const bytes = encodeFrame(HELLO, crc32);
    bytes[3] = 9;
    expect(refusal(bytes).message).toContain('peer speaks frame version 9, this build speaks 1');
  });

  it('stays refused', () => {
    const decoder = new FrameDecoder({ crc32 });
    expect(() => decoder.push(text('x'), () => {})).toThrow(ChannelError);
    expect(() => decoder.push(encodeFrame(HELLO, crc32), () => {})).toThrow(ChannelError);
  });

  it.each([
    ['GET / HTTP/1.1\r\n', 'an HTTP request'],
    ['PRI * HTTP/2.0\r\n', 'an HTTP/2 connection'],
    ['HTTP/1.1 400 Bad', 'an HTTP response'],
    ['\x16\x03\x01\x02\x00', 'a TLS handshake'],
    ['SSH-2.0-OpenSSH', 'an SSH connection'],
    ['*1\r\n$4\r\nPING\r\n', 'a Redis client'],
    ['PING\r\n', 'a Redis client'],
    ['-ERR unknown', 'a Redis server'],
  ])('recognises %j', (head, name) => {
    const error = refusal(text(head));
    expect(error.code).toBe('FTW_FRAME');
    expect(error.message).toContain(`this looks like ${name} (`);
  });

  it('shows the bytes of an unknown protocol', () => {
    expect(refusal(new Uint8Array([0x51, 0x00])).message).toContain('it starts with 51 00, "Q."');
  });
});

describe('FrameWriter', () => {
  const payloadOf = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(bytes & 0xff);

  it('puts small frames side by side and hands large payloads on uncopied', () => {
    const writer = new FrameWriter(crc32);
    const large = payloadOf(5000);
    for (const payload of [payloadOf(1), payloadOf(2), large, payloadOf(3)]) {
      writer.write({ type: FrameType.Peer, epoch: 1, payload });
    }
    expect(writer.pendingBytes).toBe(4 * FRAME_HEADER_BYTES + 5006);
    const chunks = writer.take();
    expect(chunks.map((chunk) => chunk.length)).toEqual([3 * FRAME_HEADER_BYTES + 3, 5000, FRAME_HEADER_BYTES + 3]);
    expect(chunks[1]).toBe(large);
    expect(decodeAll(chunks).map(({ payload }) => payload.length)).toEqual([1, 2, 5000, 3]);
    expect(writer.take()).toEqual([]);
  });

  it('never touches bytes that were taken', () => {
    const writer = new FrameWriter(crc32);
    const taken: Uint8Array[] = [];
    for (let i = 0; i < 200; i++) {
      writer.write({ type: FrameType.Peer, epoch: i, payload: payloadOf(i * 5) });
      if (i % 3 === 0) taken.push(...writer.take());
    }
    taken.push(...writer.take());
    const frames = decodeAll(taken);
    expect(frames.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(frames.every(({ payload }, i) => payload.length === i * 5)).toBe(true);
  });
});
