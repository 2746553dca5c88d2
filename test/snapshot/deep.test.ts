/**
 * A capture at the end of V8's own stack: the functions that save frames are called on top of them, and if the handler of a
 * capture caught it when one of those overflows, a frame would be missing without a sound. Either all frames are there, or the
 * host fails (FTW_HOST).
 */
import { expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { DEFAULT_LIMITS, GuestStop, type PreparedModule } from '../../src/engine/engine.js';
import { FtWasmError } from '../../src/errors.js';
import { assemble } from '../support/wat.js';

/** Small frames, so that the innermost one, which takes many arguments to be saved, comes to lie anywhere. */
const LOCALS = 800;
const times = (text: (at: number) => string) => Array.from({ length: LOCALS }, (_, at) => text(at)).join(' ');
const TEXT = `(module (import "host" "ask" (func $ask (result i32))) (memory 1)
  (func $wide (result i32) (local ${times(() => 'i32')})
    ${times((at) => `(local.set ${at} (i32.load offset=${at * 4} (i32.const 0)))`)}
    (call $ask)
    ${times((at) => `(i32.add (local.get ${at}))`)})
  (func $down (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (call $wide))))
    (i32.add (i32.const 1) (call $down (i32.sub (local.get $n) (i32.const 1)))))
  (func (export "run") (param i32) (result i32) (call $down (local.get 0))))`;

/** `run`, the outermost `down`, `wide`. */
const FRAMES_AT_DEPTH_0 = 3;

/** Captures below `depth` calls; answers how many frames that gave, undefined if the host's stack was too small. */
function framesAt(prepared: PreparedModule, depth: number): number | undefined {
  const ask = () => {
    throw new GuestStop({ kind: 'captured' });
  };
  const instance = prepared.instantiate({
    imports: { resolve: () => ask },
    limits: { ...DEFAULT_LIMITS, stackUnitsMax: 0x7fff_ffff },
    sliceFuel: 1_000_000,
  });
  try {
    expect(instance.call('run', [depth]).kind).toBe('captured');
    return instance.state!().frames.length;
  } catch (error) {
    if (!(error instanceof FtWasmError) || error.code !== 'FTW_HOST') throw error;
    return undefined;
  }
}

it('is whole or refused', async () => {
  const prepared = await new CompiledEngine().prepare(await assemble('deep', TEXT));
  let [whole, refused] = [1, 1 << 20];
  while (refused - whole > 1) {
    const depth = (whole + refused) >>> 1;
    if (framesAt(prepared, depth) === undefined) refused = depth;
    else whole = depth;
  }
  // V8 may find better code on the way, with smaller frames: the end of the stack moves.
  let refusals = 0;
  for (let depth = Math.max(1, whole - 100); refusals < 300; depth++) {
    const frames = framesAt(prepared, depth);
    if (frames === undefined) refusals++;
    else expect(frames).toBe(FRAMES_AT_DEPTH_0 + depth);
  }
});
