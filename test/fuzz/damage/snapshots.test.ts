/**
 * Damaged snapshots, and forged ones, whose checksums fit the damage: refused with a code, or a guest that runs on to some
 * outcome, on either engine. More: `FUZZ_SEED=1000 FUZZ_COUNT=500 npx vitest run test/fuzz/damage`.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../src/engine/compiled/index.js';
import { GuestStop, type InstanceOptions, type PreparedModule } from '../../../src/engine/engine.js';
import { FtWasmError } from '../../../src/errors.js';
import { memoryServices } from '../../../src/host/memory.js';
import { Session } from '../../../src/record/session.js';
import { restoredState } from '../../../src/runtime/guest/restored.js';
import { ChunkKind, decodeChunk, encodeChunk } from '../../../src/snapshot/chunk.js';
import { encodeSnapshot, type Snapshot, SnapshotReader } from '../../../src/snapshot/index.js';
import { exportContents, exportWithoutContents } from '../../../src/wasi/snapshot.js';
import { createWasi } from '../../../src/wasi/wasi.js';
import { readGuest } from '../../support/guests.js';
import { interpreterEngine } from '../../support/interpreter.js';
import { damage, generator, type Random } from './damage.js';

const first = Number(process.env['FUZZ_SEED'] ?? 1);
const count = Number(process.env['FUZZ_COUNT'] ?? 8);
const COPIES = 40;
const SEED_MS = 60_000;
/** Magic and version. */
const PREAMBLE_BYTES = 12;
const CHUNK_HEADER_BYTES = 10;
const GUEST = 'guests/wasi/readdir.wasm';
const FUEL_MAX = 2_000_000;
/** Where the snapshot is taken: in the middle of the run, with frames on the stack. */
const CAPTURE_AT = 3_000;

const LIMITS = { memoryPagesMax: 256, tableElementsMax: 100_000, stackUnitsMax: 20_000 };

function optionsOf(wasi: ReturnType<typeof createWasi>, onSlice: () => void = () => {}): InstanceOptions {
  return { imports: wasi.imports, limits: LIMITS, sliceFuel: CAPTURE_AT, onSlice, fuelMax: FUEL_MAX };
}

function services() {
  const all = memoryServices(1);
  all.stdin.closed = true;
  all.waiter.wait = () => {
    throw new GuestStop({ kind: 'waiting' });
  };
  return all;
}

/** A snapshot of a guest that has files, open descriptors and frames. */
function takeSnapshot(module: PreparedModule): Uint8Array {
  const session = new Session({ sink: { append: () => {} } });
  const preopens = [{ guest: '/data', mode: 'private', entries: [{ path: 'd', kind: 'dir' }] }] as const;
  const wasi = createWasi({ args: ['guest', '/data'], preopens }, services(), session);
  const instance = module.instantiate(optionsOf(wasi, () => instance.requestCapture!()));
  wasi.bindMemory(() => instance.memory);
  instance.start();
  expect(instance.call('_start', []).kind).toBe('captured');
  const state = exportWithoutContents(wasi.state);
  const sections = { wasi: state, session: session.state(), run: { stage: 'main', outputBytes: 0 } };
  const blobs = exportContents(wasi.state);
  const snapshot: Snapshot = {
    ...{ moduleHash: module.hash, rewriterVersion: '0', manifest: {}, engine: instance.state!(), blobs, sections },
  };
  return new Uint8Array(Buffer.concat([...encodeSnapshot(snapshot)]));
}

/** Restores the snapshot and runs it on; the outcome's kind. @throws FtWasmError */
function runOn(bytes: Uint8Array, module: PreparedModule): string {
  const reader = new SnapshotReader();
  for (let at = 0; at < bytes.length; at += 65536) reader.push(bytes.slice(at, at + 65536));
  const { engine, session: resume, wasi: state } = restoredState(reader.finish());
  const session = new Session({ sink: { append: () => {} }, resume });
  const wasi = createWasi({ args: ['guest', '/data'] }, services(), session, state);
  const instance = module.restore!(engine, optionsOf(wasi));
  wasi.bindMemory(() => instance.memory);
  return instance.resume!().kind;
}

type Piece = readonly [kind: ChunkKind, payload: Uint8Array];

function chunksOf(bytes: Uint8Array): Piece[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: Piece[] = [];
  for (let at = PREAMBLE_BYTES; at < bytes.length; ) {
    const end = at + CHUNK_HEADER_BYTES + view.getUint32(at, true);
    const { kind, payload } = decodeChunk(bytes.subarray(at, end), chunks.length);
    chunks.push([kind, payload.slice()]);
    at = end;
  }
  return chunks;
}

/** The same snapshot with one chunk damaged, left out, repeated or exchanged, and checksums to match. */
function forge(bytes: Uint8Array, random: Random): Uint8Array {
  const chunks = chunksOf(bytes);
  const [at, other] = [random(chunks.length), random(chunks.length)];
  const [kind, payload] = chunks[at]!;
  const kinds = Object.values(ChunkKind);
  switch (random(12)) {
    case 0:
      chunks.splice(at, 1);
      break;
    case 1:
      chunks.splice(other, 0, chunks[at]!);
      break;
    case 2:
      [chunks[at], chunks[other]] = [chunks[other]!, chunks[at]!];
      break;
    case 3:
      chunks[at] = [kinds[random(kinds.length)]!, payload];
      break;
    default:
      chunks[at] = [kind, damage(payload, random)];
  }
  const encoded = chunks.map(([kind, payload]) => encodeChunk({ kind, payload }));
  return Buffer.concat([bytes.subarray(0, PREAMBLE_BYTES), ...encoded]);
}

describe('damaged snapshots', () => {
  let modules: readonly PreparedModule[];
  let snapshot: Uint8Array;
  beforeAll(async () => {
    const bytes = readGuest(GUEST);
    modules = await Promise.all([new CompiledEngine(), interpreterEngine()].map((engine) => engine.prepare(bytes)));
    snapshot = takeSnapshot(modules[0]!);
    for (const module of modules) expect(runOn(snapshot, module)).toBe('returned');
  });

  /** The outcome, or the refusal's code; throws for anything else. */
  function exercise(bytes: Uint8Array, module: PreparedModule): string {
    try {
      return runOn(bytes, module);
    } catch (error) {
      if (error instanceof FtWasmError) return error.code;
      throw error;
    }
  }

  it.for(Array.from({ length: count }, (_, at) => first + at))(
    'seed %i: refused, or a guest that runs to an outcome',
    { timeout: SEED_MS },
    (seed) => {
      const random = generator(seed);
      for (let copy = 0; copy < COPIES; copy++) {
        const forged = copy % 4 !== 0;
        const bad = forged ? forge(snapshot, random) : damage(snapshot, random);
        for (const [at, module] of modules.entries()) {
          try {
            const outcome = exercise(bad, module);
            if (!forged) expect(['FTW_SNAPSHOT', 'returned']).toContain(outcome);
          } catch (cause) {
            throw new Error(`${forged ? 'forged' : 'damaged'} copy ${copy} of seed ${seed}, engine ${at}`, { cause });
          }
        }
      }
    },
  );
});
