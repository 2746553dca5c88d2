import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogFormatError } from '../../../src/errors.js';
import { batchRange, decodeBatch, encodeBatch } from '../../../src/log/codec.js';
import type { Entry, LoggedValue } from '../../../src/log/entry.js';

const SEED = 20;

function entry(counter: number, result: LoggedValue, call = 60, digest = 0xfedcba98): Entry {
  return { call, counter, digest, result };
}

const results: fc.Arbitrary<LoggedValue> = fc.oneof(
  fc.integer(),
  fc.maxSafeNat(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Uint8Array.from(bytes)),
  fc.array(fc.nat(), { maxLength: 9 }),
);

/** Byte arrays come back as another subclass; what counts are the bytes. */
function plain(value: LoggedValue): unknown {
  return value instanceof Uint8Array ? [...value] : value;
}

describe('batches', () => {
  it('number their entries', () => {
    const decoded = decodeBatch(encodeBatch(7, 100, [entry(110, 1), entry(110, 2), entry(250, 3)]));
    expect(decoded).toMatchObject({ firstEvent: 7, lastEvent: 9, lastCounter: 250 });
    expect(decoded.entries.map(({ counter }) => counter)).toEqual([110, 110, 250]);
  });

  it('may be empty', () => {
    expect(decodeBatch(encodeBatch(4, 99, []))).toEqual({ firstEvent: 4, lastEvent: 3, lastCounter: 99, entries: [] });
  });

  it('keep every kind of result', () => {
    const entries = fc.array(fc.record({ call: fc.nat(), digest: fc.nat(0xffffffff), gap: fc.nat(), result: results }));
    fc.assert(
      fc.property(entries, fc.nat(), (list, base) => {
        let counter = base;
        const given = list.map(({ gap, ...rest }) => {
          counter += gap;
          return { ...rest, counter };
        });
        const { entries: found } = decodeBatch(encodeBatch(1, base, given));
        expect(found.map((one) => ({ ...one, result: plain(one.result) }))).toEqual(
          given.map((one) => ({ ...one, result: plain(one.result) })),
        );
      }),
      { seed: SEED },
    );
  });

  it('keep counters and bigints beyond 32 bits', () => {
    const decoded = decodeBatch(encodeBatch(2 ** 40, 2 ** 50, [entry(2 ** 50 + 2 ** 33, 1_700_000_000_000_000_000n)]));
    expect(decoded.firstEvent).toBe(2 ** 40);
    expect(decoded.entries[0]).toMatchObject({ counter: 2 ** 50 + 2 ** 33, result: 1_700_000_000_000_000_000n });
  });

  it('cost about ten bytes per entry beside the result', () => {
    const entries = Array.from({ length: 300 }, (_, at) => entry(1e9 + at * 2000, null));
    expect(encodeBatch(1, 1e9, entries).length / entries.length).toBeLessThan(12);
  });
});

describe('damaged batches', () => {
  const good = encodeBatch(1, 0, [entry(10, Uint8Array.of(1, 2, 3)), entry(20, [1, 2, 3]), entry(30, 5n)]);

  it('of another version are named', () => {
    expect(() => decodeBatch(Uint8Array.of(0x93, 9, 1, 0))).toThrow('format version 9; this program reads 1');
  });

  it.each([
    ['nothing', Uint8Array.of()],
    ['no list', Uint8Array.of(0x01)],
    ['half an entry', Uint8Array.of(0x95, 1, 1, 0, 60, 10)],
    ['a negative event', Uint8Array.of(0x93, 1, 0xff, 0)],
    ['a list of 4 billion', Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xf0, 1, 1, 0)],
    ['a map as a result', Uint8Array.of(0x97, 1, 1, 0, 60, 1, 1, 0x80)],
  ])('with %s are refused', (_what, bytes) => {
    expect(() => decodeBatch(bytes)).toThrow(LogFormatError);
  });

  it('throw LogFormatError and nothing else, wherever they are cut', () => {
    for (let length = 0; length < good.length; length++) {
      expect(() => decodeBatch(good.slice(0, length))).toThrow(LogFormatError);
    }
  });

  it('throw LogFormatError and nothing else, whatever byte changes', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.uint8Array({ maxLength: 40 }), (at, value, noise) => {
        const changed = good.slice();
        changed[at] = value;
        for (const bytes of [changed, Uint8Array.from(noise)]) {
          try {
            decodeBatch(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(LogFormatError);
          }
        }
        expect(decodeBatch(good).entries).toHaveLength(3);
      }),
      { seed: SEED, numRuns: 5000 },
    );
  });
});

describe('the range of a batch', () => {
  const entry = (counter: number) => ({ call: 20, counter, digest: 5, result: null });

  it.each([1, 3, 40, 200, 70_000, 5_000_000_000])('is known from its first bytes, at event %i', (firstEvent) => {
    for (const count of [1, 3, 4, 100, 20_000]) {
      const bytes = encodeBatch(
        firstEvent,
        0,
        Array.from({ length: count }, (_, at) => entry(at)),
      );
      expect(batchRange(bytes.subarray(0, 20))).toEqual({ firstEvent, lastEvent: firstEvent + count - 1 });
    }
  });

  it('is refused for anything else', () => {
    for (const bytes of [[], [0x93], [0x93, 9, 1, 0], [0xa3, 1, 1, 0], [0x93, 1, 0xc0, 0]]) {
      expect(() => batchRange(Uint8Array.from(bytes))).toThrow(/log batch is damaged/);
    }
  });
});
