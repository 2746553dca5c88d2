/** A snapshot with something of everything, and ways to write and read it. */
import { type Compression, encodeSnapshot, type Snapshot, SnapshotReader } from '../../../src/snapshot/index.js';
import { ValType } from '../../../src/wasm/module.js';

const PAGE = 65536;

function memory(): Uint8Array {
  const bytes = new Uint8Array(40 * PAGE);
  bytes.set([1, 2, 3], 0);
  bytes.fill(0xab, 20 * PAGE, 38 * PAGE);
  bytes[39 * PAGE + PAGE - 1] = 9;
  return bytes;
}

export const SAMPLE: Snapshot = {
  moduleHash: '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
  rewriterVersion: '2',
  manifest: { arguments: '["guest"]', random: 'seeded' },
  engine: {
    counter: 5_000_000_123,
    sliceEnd: 5_001_000_000,
    frames: [
      {
        functionIndex: 3,
        offset: 70_000,
        locals: [
          { type: ValType.I32, bits: 0xffff_ffffn },
          { type: ValType.F64, bits: 0x7ff4_dead_0000_beefn },
          { type: ValType.V128, bits: (0x0123_4567_89ab_cdefn << 64n) | 0xfedc_ba98_7654_3210n },
        ],
        operands: [{ type: ValType.FuncRef, bits: 12n }],
      },
      { functionIndex: 200, offset: 1_000_000, locals: [], operands: [{ type: ValType.ExternRef, bits: -1n }] },
    ],
    pendingCall: { functionIndex: 0, args: [{ type: ValType.I64, bits: 2n ** 64n - 1n }] },
    memories: [memory()],
    globals: [
      { index: 0, type: ValType.I32, bits: 65536n },
      { index: 4, type: ValType.F32, bits: 0x7fa1_2345n },
    ],
    tables: [[-1n, 0n, 300n], []],
    droppedData: [1, 200],
    droppedElements: [],
  },
  blobs: new Map([
    [2, [new Uint8Array(300).fill(5), new Uint8Array(0), Uint8Array.of(1, 2, 3)]],
    [40_000, [Uint8Array.of(9)]],
  ]),
  sections: {
    wasi: {
      version: 1,
      clocks: { realtimeNs: 1_700_000_000_000_000_000n },
      inodes: [[1, { bytes: new Uint8Array([7]) }]],
    },
    session: { counter: 5_000_000_123, event: 17, digest: { a: 1, b: -2, words: 3 } },
  },
};

export function encoded(snapshot: Snapshot, compression?: Compression): Uint8Array {
  return new Uint8Array(Buffer.concat([...encodeSnapshot(snapshot, compression && { compression })]));
}

/** Reads `bytes` in pieces of `step`. */
export function decoded(bytes: Uint8Array, step = bytes.length, compression?: Compression): Snapshot {
  const reader = new SnapshotReader({ compression });
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes.slice(at, at + step));
  return reader.finish();
}

/** Memories as something that can be compared quickly. */
export function comparable(snapshot: Snapshot): unknown {
  const { memories, ...engine } = snapshot.engine;
  return { ...snapshot, engine, memories: memories.map((bytes) => Buffer.from(bytes).toString('latin1')) };
}
