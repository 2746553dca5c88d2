/**
 * Damaged recordings, and forged ones, whose checksums fit the damage: refused with a code, or replayed to the very end that
 * the undamaged one has. More: `FUZZ_SEED=1000 FUZZ_COUNT=500 npx vitest run test/fuzz/damage`.
 */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../src/engine/compiled/index.js';
import type { PreparedModule } from '../../../src/engine/engine.js';
import { FtWasmError, LogFormatError } from '../../../src/errors.js';
import { batchRange } from '../../../src/log/codec.js';
import { encodeFrame, FrameKind } from '../../../src/log/file.js';
import { RecordingInput } from '../../../src/runtime/recording-input.js';
import { readGuest } from '../../support/guests.js';
import { replayRun } from '../../support/record-run.js';
import { damage, generator, type Random } from './damage.js';

const first = Number(process.env['FUZZ_SEED'] ?? 1);
const count = Number(process.env['FUZZ_COUNT'] ?? 8);
const COPIES = 60;
const SEED_MS = 60_000;
/** Magic and version. */
const PREAMBLE_BYTES = 12;
const FRAME_HEADER_BYTES = 9;
/** No replay of the originals comes near it; a forged configuration may ask for anything. */
const FUEL_MAX = 50_000_000;

/** Those of the golden files that replay in a moment. */
const RECORDINGS = ['v1-floats', 'v1-random', 'v1-simd', 'v1-stdin'].map((name) => ({
  name,
  bytes: new Uint8Array(readGuest(`test/golden/recordings/${name}.rec`)),
}));

type Frame = readonly [kind: FrameKind, payload: Uint8Array];

function framesOf(bytes: Uint8Array): Frame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frames: Frame[] = [];
  for (let at = PREAMBLE_BYTES; at < bytes.length; ) {
    const end = at + FRAME_HEADER_BYTES + view.getUint32(at, true);
    frames.push([bytes[at + 8] as FrameKind, bytes.slice(at + FRAME_HEADER_BYTES, end)]);
    at = end;
  }
  return frames;
}

/** The same file with one frame damaged, left out, repeated or exchanged, and checksums to match. */
function forge(bytes: Uint8Array, random: Random): Uint8Array {
  const frames = framesOf(bytes);
  const [at, other] = [random(frames.length), random(frames.length)];
  const [kind, payload] = frames[at]!;
  const kinds = Object.values(FrameKind);
  switch (random(12)) {
    case 0:
      frames.splice(at, 1);
      break;
    case 1:
      frames.splice(other, 0, frames[at]!);
      break;
    case 2:
      [frames[at], frames[other]] = [frames[other]!, frames[at]!];
      break;
    case 3:
      frames[at] = [kinds[random(kinds.length)]!, payload];
      break;
    default:
      frames[at] = [kind, damage(payload, random)];
  }
  return Buffer.concat([bytes.subarray(0, PREAMBLE_BYTES), ...frames.map(([kind, bytes]) => encodeFrame(kind, bytes))]);
}

describe('damaged recordings', () => {
  const engine = new CompiledEngine();
  const modules = new Map<string, PreparedModule>();

  async function prepared(bytes: Uint8Array, hash: string): Promise<PreparedModule> {
    if (createHash('sha256').update(bytes).digest('hex') !== hash) throw new LogFormatError('another module');
    if (!modules.has(hash)) modules.set(hash, await engine.prepare(bytes));
    return modules.get(hash)!;
  }

  /** What the recording replays to. @throws FtWasmError, or an error of the harness that says that the log does not fit */
  async function replay(bytes: Uint8Array): Promise<unknown> {
    const input = new RecordingInput();
    const batches: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 4096) batches.push(...input.push(bytes.subarray(at, at + 4096)));
    input.finish();
    const { guest, header, module, wasi } = input.opening!;
    let event = 0;
    for (const batch of batches) {
      const { firstEvent, lastEvent } = batchRange(batch);
      if (firstEvent !== event + 1) throw new LogFormatError('events are missing');
      event = lastEvent;
    }
    const options = { config: wasi, limits: guest.limits, fuelMax: Math.min(guest.fuel ?? FUEL_MAX, FUEL_MAX) };
    const { stdout, digest, events } = replayRun(await prepared(module!, header.moduleHash), options, batches);
    return { stdout, digest, events };
  }

  /** 'same' or the refusal's code; fails for anything else. */
  async function exercise(bytes: Uint8Array, original: unknown): Promise<string> {
    let result: unknown;
    try {
      result = await replay(bytes);
    } catch (error) {
      if (error instanceof FtWasmError) return error.code;
      if (/^(a replay asked its host for|the replay ended \d+ entries before)/.test((error as Error).message))
        return 'does not fit';
      throw error;
    }
    expect(result).toEqual(original);
    return 'same';
  }

  const originals = new Map<string, unknown>();
  beforeAll(async () => {
    for (const { name, bytes } of RECORDINGS) originals.set(name, await replay(bytes));
  });

  it.for(Array.from({ length: count }, (_, at) => first + at))(
    'seed %i: refused, or replayed as if nothing had happened',
    { timeout: SEED_MS },
    async (seed) => {
      const random = generator(seed);
      const outcomes = new Set<string>();
      for (let copy = 0; copy < COPIES; copy++) {
        const { name, bytes } = RECORDINGS[random(RECORDINGS.length)]!;
        const forged = copy % 2 === 0;
        const bad = forged ? forge(bytes, random) : damage(bytes, random);
        const outcome = await exercise(bad, originals.get(name)).catch((error: unknown) => {
          throw new Error(`${name}, ${forged ? 'forged' : 'damaged'} copy ${copy} of seed ${seed}`, { cause: error });
        });
        outcomes.add(outcome);
      }
      expect([...outcomes]).toContain('FTW_LOG_FORMAT');
    },
  );
});
