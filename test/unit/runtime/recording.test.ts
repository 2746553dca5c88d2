/** Recordings with everything in them, whole, cut and damaged, read as their bytes come. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/engine/engine.js';
import { LogFormatError } from '../../../src/errors.js';
import { encodeBatch } from '../../../src/log/codec.js';
import { encodeFrame, encodeRecordingHeader, FrameKind } from '../../../src/log/file.js';
import {
  encodeRecordedEnd,
  encodeRecordingStart,
  type RecordedEnd,
  type RecordingStart,
} from '../../../src/runtime/recording.js';
import { RecordingInput } from '../../../src/runtime/recording-input.js';

const bytes = (length: number, seed: number) => Uint8Array.from({ length }, (_, at) => (at * 7 + seed) & 0xff);

const START: RecordingStart = {
  engine: 'compiled',
  module: bytes(60, 1),
  modulePath: '/somewhere/guest.wasm',
  limits: DEFAULT_LIMITS,
  fuel: undefined,
  wasi: {
    args: ['guest.wasm', 'one'],
    env: [['NAME', 'value']],
    listeners: 0,
    random: 'seeded',
    preopens: [
      {
        guest: '/data',
        mode: 'private',
        entries: [
          { path: 'empty', kind: 'file', bytes: new Uint8Array(0) },
          { path: 'folder', kind: 'dir' },
          { path: 'folder/file', kind: 'file', bytes: bytes(50, 9) },
          { path: 'link', kind: 'symlink', target: 'folder' },
        ],
      },
    ],
  },
  manifest: { module: 'ab'.repeat(32), rewriter: '1' },
};
const END: RecordedEnd = {
  outcome: 'exited',
  exitCode: 3,
  trap: null,
  counter: 90,
  event: 2,
  digest: '0123456789abcdef',
  hostCalls: 4,
  outputBytes: 12,
};
const BATCH = encodeBatch(1, 0, [
  { call: 21, counter: 30, digest: 5, result: 1_000 },
  { call: 42, counter: 60, digest: 6, result: 12 },
]);

const parts = (start: RecordingStart): Uint8Array[] => [
  ...encodeRecordingStart(start),
  encodeFrame(FrameKind.Batch, BATCH),
  encodeRecordedEnd(END),
];
const recording = (start = START): Uint8Array => new Uint8Array(Buffer.concat(parts(start)));

function read(file: Uint8Array, chunk = file.length) {
  const input = new RecordingInput();
  const batches: Uint8Array[] = [];
  for (let at = 0; at < file.length; at += chunk) batches.push(...input.push(file.subarray(at, at + chunk)));
  const tail = input.finish();
  return { input, batches, tail };
}

describe('a recording', () => {
  it.each([1, 13, 100_000])('is read in pieces of %d bytes', (chunk) => {
    const { input, batches, tail } = read(recording(), chunk);
    expect(input.opening?.module).toEqual(START.module);
    expect(input.opening?.wasi).toEqual(START.wasi);
    expect(input.opening?.guest).toMatchObject({ engine: 'compiled', limits: DEFAULT_LIMITS, fuel: null });
    expect(batches.map((batch) => [...batch])).toEqual([[...BATCH]]);
    expect(input.end).toEqual(END);
    expect(tail).toBeUndefined();
  });

  it('holds a large file in several frames', () => {
    const large = { ...START, module: bytes(2_500_000, 3) };
    expect([...encodeRecordingStart(large)]).toHaveLength(1 + 3 + 1);
    expect(read(recording(large), 700_000).input.opening?.module).toEqual(large.module);
  });

  it('names a module that is too large to hold', () => {
    const large = { ...START, module: new Uint8Array(16 * 1024 * 1024 + 1) };
    const { opening } = read(recording(large)).input;
    expect(opening?.module).toBeUndefined();
    expect(opening?.guest.module).toEqual({
      path: '/somewhere/guest.wasm',
      size: large.module.length,
      embedded: false,
    });
  });

  it('is good up to a torn tail wherever it is cut behind its files', () => {
    const whole = recording();
    const files = whole.length - BATCH.length - 9 - encodeRecordedEnd(END).length;
    for (let length = files; length < whole.length; length++) {
      const { input, batches } = read(whole.subarray(0, length));
      expect(input.end).toBeUndefined();
      expect(batches.length).toBe(length < whole.length - encodeRecordedEnd(END).length ? 0 : 1);
    }
  });

  it('is refused wherever it is cut before its log', () => {
    const whole = recording();
    const files = whole.length - BATCH.length - 9 - encodeRecordedEnd(END).length;
    for (let length = 0; length < files; length++) {
      expect(() => read(whole.subarray(0, length))).toThrow(LogFormatError);
    }
  });

  it('never gives other bytes than were written, whatever byte is damaged', () => {
    const whole = recording();
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice();
      damaged[at]! ^= 1 << (at & 7);
      try {
        const { input, tail } = read(damaged);
        // Damage in the last frame looks like a tail that was torn: that frame is left out, and it is reported.
        expect(tail).toBeDefined();
        expect(input.end).toBeUndefined();
      } catch (error) {
        expect(error).toBeInstanceOf(LogFormatError);
      }
    }
  });
});

describe('a forged recording', () => {
  const forged = (guest: unknown, ...frames: Uint8Array[]) =>
    new Uint8Array(
      Buffer.concat([encodeRecordingHeader({ moduleHash: '', rewriterVersion: '1', manifest: {}, guest }), ...frames]),
    );
  const honest = read(recording()).input.opening!.guest;

  it.each([
    ['guest', undefined],
    ['engine', { ...honest, engine: 'fast' }],
    ['module', { ...honest, module: { path: null, size: -1, embedded: true } }],
    ['limits', { ...honest, limits: {} }],
    ['fuel', { ...honest, fuel: 'much' }],
    ['arguments', { ...honest, wasi: { ...honest.wasi, args: [1] } }],
    ['environment', { ...honest, wasi: { ...honest.wasi, env: [['A']] } }],
    ['directories', { ...honest, wasi: { ...honest.wasi, preopens: [{ guest: '/' }] } }],
  ])('is refused for its %s', (field, guest) => {
    expect(() => read(forged(guest))).toThrow(`the header of the recording has no valid ${field}`);
  });

  it('is refused when its files do not fit its list', () => {
    const piece = encodeFrame(FrameKind.Attachment, bytes(100, 1));
    expect(() => read(forged(honest, piece))).toThrow('more attached bytes than it lists');
    expect(() => read(forged(honest, encodeFrame(FrameKind.Batch, BATCH)))).toThrow('before its files are whole');
  });

  it('takes no memory for files that it only promises', () => {
    const guest = { ...honest, module: { path: null, size: Number.MAX_SAFE_INTEGER, embedded: true } };
    expect(() => read(forged(guest))).toThrow(/the recording ends before its log begins/);
  });

  it('is refused when its end lacks a field', () => {
    const whole = parts(START).slice(0, -1);
    const end = encodeRecordedEnd({ ...END, digest: 7 } as never);
    expect(() => read(new Uint8Array(Buffer.concat([...whole, end])))).toThrow(
      'the end of the recording lacks a field',
    );
  });
});
