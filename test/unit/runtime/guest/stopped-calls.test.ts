/** Which host calls are taken out of their wait for a capture, and what of them goes on. */
import { describe, expect, it } from 'vitest';
import { follow, PumpedGuest, prepareText, type Step } from './pumped-guest.js';

const capture: Step = (guest) => guest.control.wantCapture(1);
const nothing: Step[] = new Array(4).fill(() => {});
const seconds =
  (count: number): Step =>
  (guest) =>
    guest.clock.advance(BigInt(count) * 1_000_000_000n);

/** Sleeps for ten seconds, then exits with 3. */
const SLEEPS = `(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 10000000000))
    (drop (call $poll (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200)))
    (call $exit (i32.const 3))))`;

/** Accepts a connection and receives six bytes, all of them, then exits with the first. */
const RECEIVES = `(module
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_recv" (func $recv (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $accept (i32.const 3) (i32.const 0) (i32.const 8)))
    (i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const 6))
    (drop (call $recv (i32.load (i32.const 8)) (i32.const 16) (i32.const 1) (i32.const 2) (i32.const 24) (i32.const 28)))
    (call $exit (i32.load8_u (i32.const 69)))))`;

/** Dials 127.0.0.1:80 and exits with the errno. */
const DIALS = `(module
  (import "wasi_snapshot_preview1" "sock_open" (func $open (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_connect" (func $connect (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $open (i32.const 1) (i32.const 2) (i32.const 8)))
    (i32.store (i32.const 16) (i32.const 32)) (i32.store (i32.const 20) (i32.const 4)) (i32.store (i32.const 32) (i32.const 0x0100007f))
    (call $exit (call $connect (i32.load (i32.const 8)) (i32.const 16) (i32.const 80)))))`;

function exitOf({ report }: PumpedGuest) {
  if (report?.kind !== 'outcome') throw new Error(JSON.stringify(report));
  const { outcome, digest, hostCalls } = report;
  return { ...outcome, digest, hostCalls };
}

describe('a capture in the middle of', () => {
  it('a sleep does not make it longer', async () => {
    const prepared = await prepareText(SLEEPS);
    const script = [seconds(6), capture, ...nothing, seconds(5)];
    const guest = new PumpedGuest(prepared).run('live', script);
    expect(guest.captured).toMatchObject({ event: 0 });
    expect(exitOf(guest)).toMatchObject({ kind: 'exited', exitCode: 3, hostCalls: 2 });
    expect(exitOf(follow(guest, 0))).toEqual(exitOf(guest));
  });

  it('an accept takes nothing away', async () => {
    const prepared = await prepareText(RECEIVES);
    const guest = new PumpedGuest(prepared, { wasi: { listeners: 1 } });
    const serve: Step = (g) => {
      g.open(5);
      g.data(5, 'abcdef');
    };
    guest.run('live', [capture, ...nothing, serve]);
    expect(guest.captured).toMatchObject({ event: 0 });
    expect(exitOf(guest)).toMatchObject({ exitCode: 102 });
    expect(exitOf(follow(guest, 0, { wasi: { listeners: 1 } }))).toEqual(exitOf(guest));
  });

  it('a receive that has taken bytes waits for its end', async () => {
    const prepared = await prepareText(RECEIVES);
    const guest = new PumpedGuest(prepared, { wasi: { listeners: 1 } });
    const half: Step = (g) => {
      g.open(5);
      g.data(5, 'abc');
    };
    let early: unknown;
    const look: Step = (g) => {
      early = g.captured;
      g.data(5, 'def');
    };
    guest.run('live', [half, capture, ...nothing, look]);
    expect(early).toBeUndefined();
    expect(guest.captured).toMatchObject({ event: 2 });
    expect(exitOf(guest)).toMatchObject({ exitCode: 102 });
  });

  it('a connect waits for its answer', async () => {
    const prepared = await prepareText(DIALS);
    const guest = new PumpedGuest(prepared, { mayConnect: true });
    let early: unknown;
    const answer: Step = (g) => {
      early = g.captured;
      g.answer(g.questions[0]!.ticket, { error: 'ECONNREFUSED' });
    };
    guest.run('live', [capture, ...nothing, answer]);
    expect(guest.questions).toHaveLength(1);
    expect(early).toBeUndefined();
    expect(guest.captured).toMatchObject({ event: 1 });
    expect(exitOf(guest)).toMatchObject({ kind: 'exited', exitCode: 14 });
  });

  it('a handler of an exception waits until the frame holds none', async () => {
    const prepared = await prepareText(`(module
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (tag $t) (memory (export "memory") 1)
      (func $next (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 1))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))
      (func (export "_start")
        (try (do (throw $t)) (catch_all (call $next) (call $next)))
        (call $next)))`);
    let early: unknown;
    const look: Step = (g) => {
      early = g.captured;
      g.stdin('ab');
    };
    const guest = new PumpedGuest(prepared).run('live', [capture, ...nothing, look, ...nothing, (g) => g.stdin('c')]);
    expect(early).toBeUndefined();
    expect(guest.captured!.event).toBeGreaterThan(0);
    expect(exitOf(guest)).toMatchObject({ kind: 'returned' });
    expect(exitOf(follow(guest, guest.captured!.event))).toEqual(exitOf(guest));
  });
});
