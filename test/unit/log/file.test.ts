import { describe, expect, it } from 'vitest';
import { LogFormatError } from '../../../src/errors.js';
import { encodeBatch } from '../../../src/log/codec.js';
import {
  encodeFrame,
  encodeRecordingHeader,
  FrameKind,
  type RecordingFrame,
  RecordingReader,
  type TornTail,
} from '../../../src/log/file.js';

const HEADER = {
  moduleHash: 'ab'.repeat(32),
  rewriterVersion: '3',
  manifest: { arguments: '["x"]', random: 'seeded' },
};
const BATCHES = [1, 2, 3].map((event) =>
  encodeBatch(event, event * 10, [{ call: 60, counter: event * 10 + 5, digest: event, result: event }]),
);

const frameOf = (batch: Uint8Array) => encodeFrame(FrameKind.Batch, batch);

function recording(): Uint8Array {
  return concat([encodeRecordingHeader(HEADER), ...BATCHES.map((batch) => frameOf(batch))]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function readAll(bytes: Uint8Array, chunk = bytes.length): { batches: Uint8Array[]; tail: TornTail | undefined } {
  const reader = new RecordingReader();
  const frames: RecordingFrame[] = [];
  for (let at = 0; at < bytes.length; at += chunk) frames.push(...reader.push(bytes.subarray(at, at + chunk)));
  const tail = reader.finish();
  expect(reader.header).toEqual(HEADER);
  expect(frames.every(({ kind }) => kind === FrameKind.Batch)).toBe(true);
  return { batches: frames.map(({ payload }) => payload), tail };
}

const plain = (batches: readonly Uint8Array[]) => batches.map((batch) => [...batch]);

describe('a recording', () => {
  it.each([1, 3, 7, 64, 10_000])('is read in pieces of %d bytes', (chunk) => {
    const { batches, tail } = readAll(recording(), chunk);
    expect(plain(batches)).toEqual(plain(BATCHES));
    expect(tail).toBeUndefined();
  });

  it('reports a torn tail wherever its last frame is cut', () => {
    const whole = recording();
    const lastFrame = whole.length - frameOf(BATCHES[2]!).length;
    for (let length = lastFrame + 1; length < whole.length; length++) {
      const { batches, tail } = readAll(whole.slice(0, length));
      expect(plain(batches)).toEqual(plain(BATCHES.slice(0, 2)));
      expect(tail).toEqual({ offset: lastFrame, bytes: length - lastFrame, reason: 'the last frame is incomplete' });
    }
  });

  it('takes a last frame with a wrong checksum for a torn tail', () => {
    const whole = recording();
    whole[whole.length - 1]! ^= 1;
    const { batches, tail } = readAll(whole, 5);
    expect(batches).toHaveLength(2);
    expect(tail).toMatchObject({ reason: 'a frame with a wrong checksum' });
  });

  it('takes zeros at the end for a torn tail', () => {
    const { batches, tail } = readAll(concat([recording(), new Uint8Array(3000)]), 100);
    expect(batches).toHaveLength(3);
    expect(tail).toEqual({ offset: recording().length, bytes: 3000, reason: 'a frame of length 0' });
  });
});

describe('a damaged recording', () => {
  function flipped(at: number): Uint8Array {
    const bytes = recording();
    bytes[at]! ^= 0x40;
    return bytes;
  }

  it('is refused when a frame in the middle is bad', () => {
    const inFirstFrame = encodeRecordingHeader(HEADER).length + 10;
    for (const chunk of [1, 9, 10_000]) {
      expect(() => readAll(flipped(inFirstFrame), chunk)).toThrow(/damaged at byte \d+: a frame with a wrong checksum/);
    }
  });

  it('is refused when its header is bad', () => {
    expect(() => readAll(flipped(0))).toThrow('not a recording');
    expect(() => readAll(flipped(8))).toThrow('recording has format version 65; this program reads 1');
    expect(() => readAll(flipped(30))).toThrow(LogFormatError);
  });

  it('is refused when it ends inside its header', () => {
    for (const length of [0, 5, 11, 14, 40]) {
      expect(() => readAll(recording().slice(0, length), 4)).toThrow(
        `recording ends at byte ${length}, inside its header`,
      );
    }
  });

  it('is refused when a frame stands where it cannot be', () => {
    const end = encodeFrame(FrameKind.End, Uint8Array.of(1));
    expect(() => readAll(concat([recording(), end, end]))).toThrow('a frame behind the end');
    expect(() => readAll(concat([recording(), encodeFrame(FrameKind.Header, Uint8Array.of(1))]))).toThrow(
      'a frame of kind 0 where it cannot be',
    );
    expect(() => readAll(concat([recording(), encodeFrame(9 as FrameKind, Uint8Array.of(1))]))).toThrow(
      'a frame of unknown kind 9',
    );
    const headless = concat([encodeRecordingHeader(HEADER).slice(0, 12), frameOf(BATCHES[0]!)]);
    expect(() => readAll(headless)).toThrow('a frame of kind 2 where it cannot be');
  });

  it('is refused when its header lacks a field', () => {
    const header = encodeRecordingHeader({ ...HEADER, moduleHash: 7 } as never);
    expect(() => readAll(header)).toThrow('lacks a field');
  });
});
