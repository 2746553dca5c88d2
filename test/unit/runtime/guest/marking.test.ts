/** Captures of guests with large memories, which go on in code that notes what it writes while they are copied. */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../../src/engine/compiled/index.js';
import type { MarkingCode, PreparedModule } from '../../../../src/engine/engine.js';
import type { MarkingSource } from '../../../../src/runtime/guest/marking.js';
import { PAGE_BYTES } from '../../../../src/snapshot/index.js';
import { assemble } from '../../../support/wat.js';
import { follow, PumpedGuest, type Step } from './pumped-guest.js';

const PAGES = 300;

/**
 * Obeys the bytes of its standard input: `g` grows the memory by 3 pages, a digit writes to pages all over the memory and
 * beyond their ends, `f` fills some, `z` does nothing. Everything is echoed, with a sum of the memory behind.
 */
const OBEYS = `(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") ${PAGES})
  (global $turn (mut i32) (i32.const 0))
  (table 2 funcref) (elem (i32.const 0) $dirty $fill)
  (func $next (result i32)
    ;; What is read goes to another page at each turn.
    (global.set $turn (i32.add (global.get $turn) (i32.const 7)))
    (i32.store (i32.const 0) (call $place)) (i32.store (i32.const 4) (i32.const 1))
    (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
    (if (i32.eqz (i32.load (i32.const 8))) (then (return (i32.const -1))))
    (i32.load8_u (call $place)))
  (func $place (result i32)
    (i32.add (i32.const 1000) (i32.mul (i32.rem_u (global.get $turn) (i32.const ${PAGES})) (i32.const ${PAGE_BYTES}))))
  (func $echo (param $byte i32)
    (i32.store8 (i32.const 32) (local.get $byte)) (i32.store (i32.const 0) (i32.const 32))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $dirty (param $byte i32) (local $at i32)
    (local.set $at (i32.mul (local.get $byte) (i32.const 131)))
    (loop $l
      (i64.store offset=65533 (local.get $at) (i64.mul (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $byte))))
      (local.set $at (i32.add (local.get $at) (i32.const 100003)))
      (br_if $l (i32.lt_u (local.get $at) (i32.sub (i32.mul (memory.size) (i32.const ${PAGE_BYTES})) (i32.const 65544))))))
  (func $fill (param $byte i32)
    (memory.fill (i32.const 5000000) (local.get $byte) (i32.const 200000))
    (memory.copy (i32.const 9000001) (i32.const 100) (i32.const 131072)))
  (func $sum (result i32) (local $at i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1021)))
      (br_if $l (i32.lt_u (local.get $at) (i32.sub (i32.mul (memory.size) (i32.const ${PAGE_BYTES})) (i32.const 4)))))
    (local.get $sum))
  (func $obey (param $byte i32)
    (call $echo (local.get $byte))
    (if (i32.eq (local.get $byte) (i32.const 103)) (then (drop (memory.grow (i32.const 3)))))
    (if (i32.ne (local.get $byte) (i32.const 122)) (then
      (call_indirect (param i32) (local.get $byte) (i32.eq (local.get $byte) (i32.const 102)))))
    (call $echo (i32.add (i32.const 65) (i32.and (call $sum) (i32.const 31)))))
  (func (export "_start") (local $byte i32)
    (loop $l
      (local.set $byte (call $next))
      (if (i32.ne (local.get $byte) (i32.const -1)) (then (call $obey (local.get $byte)) (br $l))))))`;

const engine = new CompiledEngine();
const bytes = assemble('marking', OBEYS);
const code = bytes.then((module) => engine.marking(module));

/** The module, and what its instances were told. */
async function watched() {
  const prepared = await engine.prepare(await bytes);
  const seen: string[] = [];
  const watchedModule: PreparedModule = {
    ...{ hash: prepared.hash, imports: prepared.imports, exports: prepared.exports },
    instantiate: (options) => watch(prepared.instantiate(options)),
    restore: (state, options) => watch(prepared.restore!(state, options)),
  };
  const watch: (instance: ReturnType<PreparedModule['instantiate']>) => typeof instance = (instance) =>
    new Proxy(instance, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (name === 'beginMarking' || name === 'endMarking') seen.push(name);
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  return { module: watchedModule, seen };
}

const type =
  (text: string): Step =>
  (guest) =>
    guest.stdin(text);
const capture: Step = (guest) => guest.control.wantCapture(1);
const nothing: Step[] = new Array(60).fill(() => {});
const tenSeconds: Step[] = new Array(100).fill(({ clock }: PumpedGuest) => clock.advance(100_000_000n));

/** Code that is there when it was asked for so often. */
function source(polls: number, made: MarkingCode | null): MarkingSource & { readonly requests: number } {
  let left = polls;
  return {
    requests: 0,
    request() {
      (this as { requests: number }).requests++;
    },
    take: () => (left-- > 0 ? undefined : made),
  };
}

interface Runs {
  readonly guest: PumpedGuest;
  readonly seen: readonly string[];
}

async function run(markingSource: MarkingSource | undefined, ...script: Step[]): Promise<Runs> {
  const { module, seen } = await watched();
  const guest = new PumpedGuest(module, { digestEvery: 0, ...(markingSource && { markingSource }) });
  letTimePass(guest);
  guest.run('live', [...script, type('')]);
  return { guest, seen };
}

/** A busy guest gives away some of its time, of which there must be some; it does not wait for code for ever. */
function letTimePass({ clock }: PumpedGuest): void {
  const monotonic = clock.monotonicNs.bind(clock);
  clock.monotonicNs = () => {
    clock.advance(20_000n);
    return monotonic();
  };
}

function ends({ report }: PumpedGuest) {
  if (report?.kind !== 'outcome') throw new Error(JSON.stringify(report));
  const { digest, hostCalls, memoryDigest, outcome, outputBytes, position } = report;
  expect(memoryDigest).toBeDefined();
  return { outcome, digest, hostCalls, memoryDigest, outputBytes, position };
}

/** What a guest does that goes on from what was captured. */
const followed = (guest: PumpedGuest) => ends(follow(guest, guest.captured!.event, { digestEvery: 0 }));

/** A capture that gets no credit, and so does not get far. */
const held: Step = (guest) => {
  guest.creditMax = 0;
  guest.control.wantCapture(1);
};

const BEFORE = type('ab1');
const LATER = [type('2f'), type('g3'), type('4'), type('gf5')];

describe('a guest with a large memory', () => {
  it.each([0, 1, 3, 9])('is captured in marked code that comes at look %i', async (polls) => {
    const made = source(polls, await code);
    const spread = [
      BEFORE,
      capture,
      ...LATER.flatMap((step) => [step, ...nothing.slice(0, 3)]),
      ...nothing,
      type('67'),
    ];
    const plain = await run(undefined, ...spread.filter((step) => step !== capture));
    const { guest, seen } = await run(made, ...spread);
    expect(seen).toEqual(['beginMarking', 'endMarking']);
    expect(made.requests).toBe(1);
    expect(guest.stdout).toBe(plain.guest.stdout);
    expect(ends(guest)).toEqual(ends(plain.guest));
    expect(guest.isComplete).toBe(true);
    expect(followed(guest)).toEqual(ends(guest));
  });

  it.each([null, undefined])('is captured without it, if it does not come (%s)', async (made) => {
    const never = made === null ? source(2, null) : source(Number.POSITIVE_INFINITY, null);
    const { guest, seen } = await run(never, BEFORE, capture, ...LATER, ...tenSeconds, ...nothing, type('6'));
    expect(seen).toEqual([]);
    expect(guest.isComplete).toBe(true);
    expect(followed(guest)).toEqual(ends(guest));
  });

  it('and nothing is missed that it or its host writes meanwhile', async () => {
    const go: Step = (guest) => {
      guest.creditMax = Number.POSITIVE_INFINITY;
    };
    const script = [BEFORE, held, ...nothing, type('z'), ...nothing, type('z'), go, ...nothing, type('67')];
    const { guest, seen } = await run(source(0, await code), ...script);
    expect(seen).toEqual(['beginMarking', 'endMarking']);
    expect(guest.isComplete).toBe(true);
    expect(followed(guest)).toEqual(ends(guest));
  });

  it('goes back to its own code when nobody wants the capture any more', async () => {
    const made = source(0, await code);
    const cancel: Step = (guest) => guest.control.wantCapture(0);
    const script = [BEFORE, held, ...nothing, ...LATER, cancel, type('6'), ...nothing, type('7')];
    const plain = await run(undefined, BEFORE, ...LATER, type('67'));
    const { guest, seen } = await run(made, ...script);
    expect(seen).toEqual(['beginMarking', 'endMarking']);
    expect(guest.captured).toBeUndefined();
    expect(guest.stdout).toBe(plain.guest.stdout);
  });

  it('stays in marked code when one capture follows the other, and is asked to change once', async () => {
    const made = source(0, await code);
    const again: Step = (guest) => {
      guest.creditMax = Number.POSITIVE_INFINITY;
      guest.pieces.length = 0;
      guest.control.wantCapture(2);
    };
    const { guest, seen } = await run(
      made,
      BEFORE,
      held,
      ...nothing,
      ...LATER,
      again,
      type('6'),
      ...nothing,
      type('7'),
    );
    expect(seen).toEqual(['beginMarking', 'endMarking']);
    expect(guest.isComplete).toBe(true);
    expect(followed(guest)).toEqual(ends(guest));
  });

  it('can end in marked code', async () => {
    const plain = await run(undefined, BEFORE, ...LATER);
    const { guest, seen } = await run(source(0, await code), BEFORE, held, ...nothing, ...LATER);
    expect(seen).toEqual(['beginMarking']);
    expect(ends(guest)).toEqual(ends(plain.guest));
  });

  it('is not asked to, if it is small', async () => {
    const small = source(0, await code);
    const prepared = await engine.prepare(await assemble('small', OBEYS.replaceAll(String(PAGES), '200')));
    const guest = new PumpedGuest(prepared, { markingSource: small });
    letTimePass(guest);
    guest.run('live', [BEFORE, capture, ...nothing, type('')]);
    expect(guest.isComplete).toBe(true);
    expect(small.requests).toBe(0);
  });
});
