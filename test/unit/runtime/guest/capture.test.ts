import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../../src/engine/compiled/index.js';
import { DEFAULT_INJECT_OPTIONS } from '../../../../src/inject/index.js';
import { PAGE_BYTES } from '../../../../src/snapshot/index.js';
import { assemble } from '../../../support/wat.js';
import { follow, PumpedGuest, prepareText, type Step } from './pumped-guest.js';

/**
 * Obeys the bytes of its standard input: `g` grows the memory by 40 pages and writes to each, `z` zeroes them again, `x`
 * recurses 3000 deep before it reads the next one. Everything is echoed, with a checksum of memory behind it.
 */
const OBEYS = `(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func $next (result i32)
    (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 1))
    (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
    (if (i32.eqz (i32.load (i32.const 8))) (then (return (i32.const -1))))
    (i32.load8_u (i32.const 16)))
  (func $echo (param $byte i32)
    (i32.store8 (i32.const 32) (local.get $byte)) (i32.store (i32.const 0) (i32.const 32))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $fill (param $value i32) (local $page i32)
    (loop $l
      (i32.store (i32.add (i32.const 65636) (i32.mul (local.get $page) (i32.const 65536))) (local.get $value))
      (local.set $page (i32.add (local.get $page) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $page) (i32.sub (memory.size) (i32.const 1))))))
  (func $deep (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (i32.add (call $deep (i32.sub (local.get $n) (i32.const 1))) (i32.const 1)))
      (else (call $obey (call $next)))))
  (func $obey (param $byte i32) (result i32)
    (call $echo (local.get $byte))
    (if (i32.eq (local.get $byte) (i32.const 103)) (then (drop (memory.grow (i32.const 40))) (call $fill (i32.const 7))))
    (if (i32.eq (local.get $byte) (i32.const 122)) (then (call $fill (i32.const 0))))
    (if (i32.eq (local.get $byte) (i32.const 120)) (then (call $echo (i32.add (i32.const 48) (i32.rem_u (call $deep (i32.const 3000)) (i32.const 10))))))
    (i32.load (i32.const 65636)))
  (func (export "_start") (local $byte i32)
    (loop $l
      (local.set $byte (call $next))
      (if (i32.ne (local.get $byte) (i32.const -1)) (then
        (call $echo (i32.add (i32.const 65) (call $obey (local.get $byte)))) (br $l))))))`;

const COMPUTES = `(module (memory (export "memory") 1)
  (func (export "_start") (local $n i32)
    (loop $l (i32.store (i32.const 100) (i32.add (i32.load (i32.const 100)) (local.get $n)))
      (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3000000))))))`;

const capture: Step = (guest) => guest.control.wantCapture(1);
const type =
  (text: string): Step =>
  (guest) =>
    guest.stdin(text);
/** A capture that gets no credit. */
const held: Step = (guest) => {
  guest.creditMax = 0;
  guest.control.wantCapture(1);
};
const go: Step = (guest) => {
  guest.creditMax = Number.POSITIVE_INFINITY;
};
/** The world has nothing to say for a while. */
const nothing: Step[] = new Array(5).fill(() => {});
const obeys = prepareText(OBEYS);

async function run(...script: Step[]): Promise<PumpedGuest> {
  return new PumpedGuest(await obeys).run('live', [...script, type('')]);
}

function ends(guest: PumpedGuest) {
  const { report } = guest;
  if (report?.kind !== 'outcome') throw new Error(JSON.stringify(report));
  const { outcome, digest, hostCalls, outputBytes, position } = report;
  return { outcome, digest, hostCalls, outputBytes, position };
}

describe('a guest that waits', () => {
  it('is captured at once, and goes on as if nothing had happened', async () => {
    const plain = await run(type('abg'), type('zq'));
    const guest = await run(type('abg'), capture, ...nothing, type('zq'));
    expect(ends(guest)).toEqual(ends(plain));
    expect(guest.stdout).toBe(plain.stdout);
    expect(guest.isComplete).toBe(true);
    expect(guest.captured).toMatchObject({ cost: { pages: 42 } });
  });

  it('can be followed from there with the log behind it', async () => {
    const guest = await run(type('abg'), capture, ...nothing, type('zq'), type('g'));
    const second = follow(guest, guest.captured!.event);
    expect(ends(second)).toEqual(ends(guest));
    expect(second.control.executed.event).toBe(guest.report!.kind === 'outcome' ? guest.report!.position.event : -1);
  });

  it('in the middle of a batch of the log', async () => {
    const guest = await run(type('abg'), capture, ...nothing, type('zqzz'));
    const second = new PumpedGuest(guest.prepared);
    for (const { bytes } of guest.batches) second.batch(bytes);
    expect(ends(second.run('replay', [], guest.pieces))).toEqual(ends(guest));
  });

  it('three thousand calls deep', async () => {
    const guest = await run(type('gx'), capture, ...nothing, type('qz'));
    expect(guest.stdout).toContain('gHx');
    expect(ends(follow(guest, guest.captured!.event))).toEqual(ends(guest));
  });

  it('and the copy goes live where the log ends', async () => {
    const guest = await run(type('ag'), capture, ...nothing, type('z'), type('q'));
    const second = new PumpedGuest(guest.prepared);
    for (const { bytes } of guest.batches.slice(0, -1)) second.batch(bytes);
    second.goLive();
    second.run('replay', [type('q'), type('')], guest.pieces);
    expect(ends(second)).toMatchObject({ outcome: { kind: 'returned' } });
    expect(second.stdout).toContain('q');
  });

  it('can be captured again, also by the copy', async () => {
    const guest = await run(type('ag'), capture, ...nothing, (g) => g.control.wantCapture(2), ...nothing, type('zq'));
    const at = guest.pieces.findIndex((piece, index) => index > 0 && piece[0] === 0x46);
    expect(at).toBeGreaterThan(0);
    guest.pieces.splice(0, at);
    const second = new PumpedGuest(guest.prepared);
    second.goLive();
    second.run('replay', [capture, ...nothing, type('zq'), type('')], guest.pieces);
    expect(second.isComplete).toBe(true);
    expect(ends(follow(second, second.captured!.event))).toEqual(ends(second));
  });

  it('while its memory grows and is zeroed', async () => {
    const grown = new Array(6).fill(type('g')) as Step[];
    const guest = await run(...grown, held, ...nothing, type('z'), type('gg'), go, ...nothing, type('q'));
    expect(guest.isComplete).toBe(true);
    expect(guest.captured!.cost.pages).toBe(2 + 8 * 40);
    expect(ends(follow(guest, guest.captured!.event))).toEqual(ends(guest));
  });
});

describe('a guest that computes', () => {
  it('is captured at a slice', async () => {
    const prepared = await prepareText(COMPUTES);
    const plain = new PumpedGuest(prepared).run('live', []);
    const guest = new PumpedGuest(prepared, { sliceFuel: 10_000 });
    guest.control.wantCapture(1);
    // Time must pass for a busy guest to give some of it away.
    const { clock } = guest;
    const monotonic = clock.monotonicNs.bind(clock);
    clock.monotonicNs = () => {
      clock.advance(30_000n);
      return monotonic();
    };
    guest.run('live', []);
    expect(guest.isComplete).toBe(true);
    expect(guest.captured!.event).toBe(0);
    expect(guest.captured!.counter).toBeLessThan(2_000_000);
    expect(ends(guest)).toEqual(ends(plain));
    const second = new PumpedGuest(prepared).run('replay', [], guest.pieces);
    expect(ends(second)).toEqual(ends(plain));
  });
});

describe('a capture', () => {
  it('waits for credit', async () => {
    const seen: number[] = [];
    const look: Step = (guest) => void seen.push(guest.stateBytes);
    const more: Step = (guest) => {
      guest.creditMax = 4 << 20;
    };
    const grown = new Array(8).fill(type('g')) as Step[];
    const guest = await run(...grown, held, ...nothing, look, more, ...nothing, look, go, ...nothing, look);
    expect(seen[0]).toBeGreaterThan(6 << 20);
    expect(seen[0]).toBeLessThanOrEqual(8 << 20);
    expect(seen[1]).toBeGreaterThan(10 << 20);
    expect(seen[1]).toBeLessThanOrEqual(12 << 20);
    expect(guest.isComplete).toBe(true);
    expect(seen[2]).toBeGreaterThan(8 * 40 * PAGE_BYTES);
  });

  it('is dropped when it is cancelled', async () => {
    const cancel: Step = (guest) => guest.control.wantCapture(0);
    const grown = new Array(8).fill(type('g')) as Step[];
    const plain = await run(...grown, type('q'));
    const guest = await run(...grown, held, ...nothing, cancel, type('q'), ...nothing);
    expect(guest.captured).toBeUndefined();
    expect(guest.isComplete).toBe(false);
    expect(ends(guest)).toEqual(ends(plain));
  });

  it('fails where the engine cannot', async () => {
    const engine = new CompiledEngine({ inject: { ...DEFAULT_INJECT_OPTIONS, capture: false } });
    const prepared = await engine.prepare(await assemble('obeys', OBEYS));
    const guest = new PumpedGuest(prepared).run('live', [capture, ...nothing, type('ab'), type('')]);
    expect(guest.failure).toMatch(/cannot be captured/);
    expect(ends(guest)).toEqual(ends(await run(type('ab'))));
  });
});

describe('a state that does not fit', () => {
  const fault = (guest: PumpedGuest) => (guest.report?.kind === 'fault' ? guest.report : undefined);

  it('is of another module', async () => {
    const guest = await run(type('a'), capture, ...nothing);
    const other = new PumpedGuest(await prepareText(COMPUTES)).run('replay', [], guest.pieces);
    expect(fault(other)).toMatchObject({
      code: 'FTW_SNAPSHOT',
      message: expect.stringMatching(/cannot be restored here: module: /),
    });
  });

  it('is damaged or incomplete', async () => {
    const guest = await run(type('ag'), capture, ...nothing);
    const damaged = guest.pieces.map((piece) => piece.slice());
    damaged[2]![20_000]! ^= 1;
    const report = (pieces: readonly Uint8Array[]) => fault(new PumpedGuest(guest.prepared).run('replay', [], pieces));
    expect(report(damaged)).toMatchObject({ code: 'FTW_SNAPSHOT', message: expect.stringMatching(/is damaged/) });
    expect(report(guest.pieces.slice(0, -1))).toMatchObject({ message: expect.stringMatching(/before its end chunk/) });
    expect(report([new Uint8Array(50)])).toMatchObject({ message: 'this is no snapshot of ft-wasm' });
  });
});
