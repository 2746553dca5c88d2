import { describe, expect, it } from 'vitest';
import {
  encodeRecordingHeader,
  FrameKind,
  RECORDING_VERSION_SNAPSHOTS,
  RecordingReader,
} from '../../../src/log/file.js';
import {
  encodeSnapshotPiece,
  encodeSnapshotPlace,
  RecordedSnapshots,
} from '../../../src/runtime/recorded-snapshots.js';

const HEADER = encodeRecordingHeader(
  { moduleHash: 'aa', rewriterVersion: '1', manifest: {} },
  RECORDING_VERSION_SNAPSHOTS,
);

/** What a reader of a recording finds in these frames. */
function read(...frames: Uint8Array[]) {
  const reader = new RecordingReader();
  const snapshots = new RecordedSnapshots();
  const pieces = reader.push(Buffer.concat([HEADER, ...frames])).map(({ kind, payload }) => {
    expect(kind).toBe(FrameKind.Snapshot);
    const found = snapshots.take(payload);
    return found && [found.number, Buffer.from(found.piece).toString()];
  });
  expect(reader.finish()).toBeUndefined();
  return { pieces, complete: snapshots.complete };
}

const piece = (number: number, text: string, last = false) => encodeSnapshotPiece(number, Buffer.from(text), last);

describe('snapshots in a recording', () => {
  it('are whole once their last piece and their place have come', () => {
    const late = encodeSnapshotPlace(2, { counter: 2 ** 40, event: 7 });
    const early = encodeSnapshotPlace(1, { counter: 100, event: 3 });
    const { complete, pieces } = read(
      piece(1, 'a'),
      early,
      piece(1, 'b', true),
      piece(2, ''),
      late,
      piece(2, 'c', true),
    );
    expect(pieces).toEqual([[1, 'a'], undefined, [1, 'b'], [2, ''], undefined, [2, 'c']]);
    expect(complete).toEqual([
      { number: 1, counter: 100, event: 3 },
      { number: 2, counter: 2 ** 40, event: 7 },
    ]);
  });

  it('are left aside when the run ended before they were', () => {
    const place = encodeSnapshotPlace(1, { counter: 100, event: 3 });
    expect(read(piece(1, 'a'), place).complete).toEqual([]);
    expect(read(piece(1, 'a', true)).complete).toEqual([]);
  });

  it('are refused when they make no sense', () => {
    const snapshots = new RecordedSnapshots();
    expect(() => snapshots.take(new Uint8Array(3))).toThrow(/damaged/);
    expect(() => snapshots.take(Uint8Array.from([0, 0, 0, 0, 9]))).toThrow(/damaged/);
    expect(() => snapshots.take(Uint8Array.from([0, 0, 0, 0, 2, 1]))).toThrow(/place .* is damaged/);
  });
});
