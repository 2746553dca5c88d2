/** Any call with any arguments over any memory returns an errno: nothing a guest passes may throw, hang or trap. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GuestStop } from '../../../src/engine/engine.js';
import { type MemoryServices, memoryServices } from '../../../src/host/memory.js';
import { CALL_TABLE, type CallRow } from '../../../src/wasi/table.js';
import { ValType } from '../../../src/wasm/module.js';
import { Harness } from './harness.js';

const SEED = 11;
const ERRNO_MAX = 76;
const CALLS_PER_RUN = 40;

/** Numbers that reach somewhere: descriptors, flags, pointers, and the ends of every range. */
const i32s = fc.oneof(
  fc.nat(8),
  fc.nat(64),
  fc.nat(131072),
  fc.constantFrom(131071, 131072, -1, -8, 0x7fffffff, -0x80000000),
);
const i64s = fc.oneof(
  fc.bigInt({ min: 0n, max: 100n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 31n, 2n ** 53n),
);

const calls = fc.array(
  fc.record({ row: fc.constantFrom(...CALL_TABLE), i32s: fc.array(i32s, { minLength: 9, maxLength: 9 }), i64: i64s }),
  { maxLength: CALLS_PER_RUN },
);

/** Whoever waits is given something, so that no call blocks for ever. */
function generousServices(): MemoryServices {
  const services = memoryServices(1);
  services.waiter.wait = (deadline) => {
    const { clock, network, stdin } = services;
    clock.advance(deadline === undefined || deadline < clock.monotonic ? 1n : deadline - clock.monotonic);
    network.push(network.connect(0, 40), 'bytes');
    for (let stream = 1; stream < 10; stream++) network.end(stream);
    stdin.closed = true;
  };
  return services;
}

function harness(): Harness {
  const entries = [
    { path: 'a', kind: 'file', bytes: Uint8Array.of(1, 2, 3) },
    { path: 'd', kind: 'dir' },
    { path: 'l', kind: 'symlink', target: 'a' },
  ] as const;
  const config = { args: ['x'], listeners: 1, preopens: [{ guest: '/', mode: 'private', entries }] } as const;
  return new Harness({ config, services: generousServices() });
}

function callRow(h: Harness, row: CallRow, args: readonly (number | bigint)[]): number | undefined {
  const host = h.wasi.imports.resolve(row.module, row.function, row.type) as (...args: unknown[]) => number;
  h.counter += 10;
  try {
    return host(...args, h.counter);
  } catch (error) {
    if (error instanceof GuestStop && row.function.startsWith('proc_')) return 0;
    throw error;
  }
}

it('every call returns an errno', () => {
  fc.assert(
    fc.property(calls, fc.uint8Array({ minLength: 256, maxLength: 256 }), (list, noise) => {
      const h = harness();
      for (let at = 0; at < h.bytes.length; at += noise.length) h.bytes.set(noise, at);
      h.bytes.set([97, 47, 108, 100, 46], 64);
      for (const { row, i32s: values, i64 } of list) {
        const args = row.type.params.map((type, at) => (type === ValType.I64 ? i64 : values[at]!));
        const errno = callRow(h, row, args);
        expect(Number.isInteger(errno) && errno! >= 0 && errno! <= ERRNO_MAX, row.name).toBe(true);
      }
    }),
    { seed: SEED, numRuns: 1500 },
  );
});

it('a call writes only where it said that it might', () => {
  fc.assert(
    fc.property(calls, fc.uint8Array({ minLength: 256, maxLength: 256 }), (list, noise) => {
      const h = harness();
      for (let at = 0; at < h.bytes.length; at += noise.length) h.bytes.set(noise, at);
      for (const { row, i32s: values, i64 } of list) {
        const expected = Buffer.from(h.bytes);
        const args = row.type.params.map((type, at) => (type === ValType.I64 ? i64 : values[at]!));
        callRow(h, row, args);
        for (const [start, end] of h.announced) expected.set(h.bytes.subarray(start, end), start);
        expect(expected.equals(h.bytes), row.name).toBe(true);
      }
    }),
    { seed: SEED, numRuns: 300 },
  );
});
