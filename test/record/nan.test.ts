/** guests/nan/nan.wat: a NaN that an operator makes is the canonical one, on every path; moves keep their bits. */
import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type EngineInstance } from '../../src/engine/engine.js';
import { ENGINES, loadGuest } from '../support/guests.js';

const NAN32 = 0x7fc00000;
const NAN64 = 0x7ff8000000000000n;
const INFINITY32 = 0x7f800000;
const INFINITY64 = 0x7ff0000000000000n;

/** NaNs of every kind: positive, negative, quiet, signalling, with payloads. */
const NANS32 = [NAN32, 0xffc00000, 0x7fc12345, 0xffd54321, 0x7f800001, 0xffbfffff, 0x7fffffff, 0xffffffff];
const NANS64 = [NAN64, 0xfff8000000000000n, 0x7ff8000012345678n, 0xfff123456789abcdn, 0x7ff0000000000001n, ~0n];
const ONE32 = 0x3f800000;
const ONE64 = 0x3ff0000000000000n;

describe.for(ENGINES)('on the $name engine', ({ make }) => {
  let instance: EngineInstance;

  beforeAll(async () => {
    const prepared = await (await make()).prepare(await loadGuest('guests/nan/nan.wat'));
    instance = prepared.instantiate({
      imports: { resolve: () => undefined },
      limits: DEFAULT_LIMITS,
      sliceFuel: 1_000_000,
    });
    instance.start();
  });

  const call = (name: string, ...args: (number | bigint)[]): unknown => {
    const outcome = instance.call(
      name,
      args.map((arg) => (typeof arg === 'number' ? arg | 0 : BigInt.asIntN(64, arg))),
    );
    if (outcome.kind !== 'returned') throw new Error(`${name}: ${outcome.kind}`);
    const [value] = outcome.values;
    return typeof value === 'bigint' ? BigInt.asUintN(64, value) : (value as number) >>> 0;
  };

  it.for(['add', 'sub', 'mul', 'div', 'min', 'max'])('%s of a NaN on either side', (operator) => {
    for (const nan of NANS32) {
      for (const other of [ONE32, nan, 0x7fc00777]) {
        expect(call(`${operator}32`, nan, other)).toBe(NAN32);
        expect(call(`${operator}32`, other, nan)).toBe(NAN32);
      }
    }
    for (const nan of NANS64) {
      for (const other of [ONE64, nan, 0x7ff8000000000777n]) {
        expect(call(`${operator}64`, nan, other)).toBe(NAN64);
        expect(call(`${operator}64`, other, nan)).toBe(NAN64);
      }
    }
  });

  it.for(['sqrt', 'ceil', 'floor', 'trunc', 'nearest'])('%s of a NaN', (operator) => {
    for (const nan of NANS32) expect(call(`${operator}32`, nan)).toBe(NAN32);
    for (const nan of NANS64) expect(call(`${operator}64`, nan)).toBe(NAN64);
  });

  it('operators that make a NaN out of numbers', () => {
    expect(call('sub32', INFINITY32, INFINITY32)).toBe(NAN32);
    expect(call('div32', 0, 0)).toBe(NAN32);
    expect(call('mul32', 0x80000000, INFINITY32)).toBe(NAN32);
    expect(call('sqrt32', 0xbf800000)).toBe(NAN32);
    expect(call('sub64', INFINITY64, INFINITY64)).toBe(NAN64);
    expect(call('div64', 0n, 0x8000000000000000n)).toBe(NAN64);
    expect(call('sqrt64', 0xbff0000000000000n)).toBe(NAN64);
  });

  it('conversions between the float types', () => {
    for (const nan of NANS32) expect(call('promote', nan)).toBe(NAN64);
    for (const nan of NANS64) expect(call('demote', nan)).toBe(NAN32);
  });

  it('moves keep every bit', () => {
    for (const nan of NANS32) {
      expect(call('memory32', nan)).toBe(nan);
      expect(call('call32', nan)).toBe(nan);
      expect(call('neg32', nan)).toBe((nan ^ 0x80000000) >>> 0);
      expect(call('abs32', nan)).toBe(nan & 0x7fffffff);
      expect(call('copysign32', nan, 0x80000000)).toBe((nan | 0x80000000) >>> 0);
    }
    for (const nan of NANS64) expect(call('neg64', nan)).toBe(BigInt.asUintN(64, nan) ^ 0x8000000000000000n);
  });

  it('a NaN that was made leaves by memory, globals, calls, loops and sign operations', () => {
    expect(call('made_stored32', INFINITY32)).toBe(NAN32);
    expect(call('made_stored64', INFINITY64)).toBe(NAN64);
    expect(call('made_global32', INFINITY32)).toBe(NAN32);
    expect(call('made_global64', INFINITY64)).toBe(NAN64);
    expect(call('made_negated32', INFINITY32)).toBe(0xffc00000);
    expect(call('made_copysign32', INFINITY32)).toBe(ONE32);
    expect(call('made_selected64', INFINITY64)).toBe(NAN64);
    expect(call('made_indirect64', INFINITY64)).toBe(NAN64);
    expect(call('made_in_loop32', INFINITY32)).toBe(NAN32);
  });

  it('lanes', () => {
    for (const source of [INFINITY32, ...NANS32]) expect(call('lanes32', source)).toBe(NAN32);
    for (const source of [INFINITY64, ...NANS64]) expect(call('lanes64', source)).toBe(NAN64);
    // Bytes of a lane from low to high: 00 00 c0 7f; only the third one is negative.
    expect(call('lanes_bytes', INFINITY32)).toBe(0b0100_0100_0100_0100);
    for (const nan of NANS64) expect(call('lanes_demoted', nan)).toBe(NAN32);
  });
});
