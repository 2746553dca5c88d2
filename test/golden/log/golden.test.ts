/**
 * Frozen recordings of every format version: they must stay readable for ever. Set UPDATE_GOLDEN=1 to write the current
 * version's file after a deliberate change of the format (and raise its version).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeBatch, encodeBatch } from '../../../src/log/codec.js';
import type { Entry } from '../../../src/log/entry.js';
import {
  encodeFrame,
  encodeRecordingHeader,
  FrameKind,
  RECORDING_VERSION,
  RecordingReader,
} from '../../../src/log/file.js';
import { LOG_FORMAT_VERSION } from '../../../src/log/version.js';

const HEADER = {
  moduleHash: '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
  rewriterVersion: '1',
  manifest: { arguments: '["guest"]', random: 'seeded' },
};
const ENTRIES: readonly Entry[] = [
  { call: 21, counter: 130, digest: 0x01020304, result: 1_700_000_000_000_000_000n },
  { call: 57, counter: 180, digest: 0xfffefdfc, result: Uint8Array.from({ length: 32 }, (_, at) => at) },
  { call: 58, counter: 2_000, digest: 7, result: 1 },
  { call: 53, counter: 2_500, digest: 8, result: [0, 4, 0, 3, 0, 256] },
  { call: 59, counter: 2_600, digest: 9, result: Uint8Array.of(0x50, 0x49, 0x4e, 0x47) },
  { call: 60, counter: 5_000_000_000, digest: 10, result: 7 },
  { call: 1, counter: 5_000_000_100, digest: 11, result: null },
  { call: 59, counter: 5_000_000_200, digest: 12, result: -15 },
];

function currentBytes(): Uint8Array {
  const first = encodeBatch(1, 0, ENTRIES.slice(0, 3));
  const second = encodeBatch(4, 2_000, ENTRIES.slice(3));
  const frames = [first, second].map((batch) => encodeFrame(FrameKind.Batch, batch));
  return Buffer.concat([encodeRecordingHeader(HEADER), ...frames]);
}

function goldenPath(version: string): string {
  return fileURLToPath(new URL(`./recording-v${version}.bin`, import.meta.url));
}

const CURRENT = `${RECORDING_VERSION}.${LOG_FORMAT_VERSION}`;

describe('golden recordings', () => {
  it('are what the current version writes', () => {
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(goldenPath(CURRENT), currentBytes());
    expect([...currentBytes()]).toEqual([...readFileSync(goldenPath(CURRENT))]);
  });

  it.each(['1.1'])('of version %s are readable', (version) => {
    const reader = new RecordingReader();
    const frames = reader.push(readFileSync(goldenPath(version)));
    const batches = frames.map(({ payload }) => decodeBatch(payload));
    expect(reader.finish()).toBeUndefined();
    expect(reader.header).toEqual(HEADER);
    expect(batches.map(({ firstEvent, lastEvent }) => [firstEvent, lastEvent])).toEqual([
      [1, 3],
      [4, 8],
    ]);
    const found = batches.flatMap(({ entries }) => entries).map((entry) => ({ ...entry, result: plain(entry.result) }));
    expect(found).toEqual(ENTRIES.map((entry) => ({ ...entry, result: plain(entry.result) })));
  });
});

function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? [...value] : value;
}
