/** Captures of a guest that goes on writing to its private files. */
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES } from '../../../../src/snapshot/index.js';
import type { WasiConfig } from '../../../../src/wasi/config.js';
import { follow, PumpedGuest, prepareText, type Step } from './pumped-guest.js';

/**
 * Writes each byte of its standard input into the file at 40,000 times the number of bytes so far; for `c` it cuts the file
 * to 100,000 bytes first. Then it reads the whole file and echoes a checksum of it.
 */
const WRITES = `(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $resize (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 200)
  (data (i32.const 64) "file")
  (func $ok (param i32) (if (local.get 0) (then unreachable)))
  (func $io (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $length)) (i32.const 0))
  (func $sum (param $end i32) (result i32) (local $at i32) (local $sum i32)
    (local.set $at (i32.const 65536))
    (loop $l
      (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (local.get $sum))))
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br $l))
    (unreachable))
  (func (export "_start") (local $fd i32) (local $count i32)
    (call $ok (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 0)
      (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 8)))
    (local.set $fd (i32.load (i32.const 8)))
    (loop $l
      (call $ok (call $read (i32.const 0) (call $io (i32.const 32) (i32.const 1)) (i32.const 1) (i32.const 8)))
      (if (i32.eqz (i32.load (i32.const 8))) (then (return)))
      (if (i32.eq (i32.load8_u (i32.const 32)) (i32.const 99)) (then (call $ok (call $resize (local.get $fd) (i64.const 100000)))))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (call $ok (call $pwrite (local.get $fd) (call $io (i32.const 32) (i32.const 1)) (i32.const 1)
        (i64.extend_i32_u (i32.mul (local.get $count) (i32.const 40000))) (i32.const 8)))
      (call $ok (call $pread (local.get $fd) (call $io (i32.const 65536) (i32.const 12000000)) (i32.const 1) (i64.const 0) (i32.const 8)))
      (i32.store (i32.const 40) (call $sum (i32.add (i32.const 65536) (i32.load (i32.const 8)))))
      (call $ok (call $write (i32.const 1) (call $io (i32.const 40) (i32.const 4)) (i32.const 1) (i32.const 8)))
      (br $l))))`;

const FILE_BYTES = 30 * BLOCK_BYTES + 17;
const bytes = new Uint8Array(FILE_BYTES).map((_, at) => at * 7 + (at >> 9));
const wasi: WasiConfig = {
  preopens: [{ guest: '/', mode: 'private', entries: [{ path: 'file', kind: 'file', bytes }] }],
};
const prepared = prepareText(WRITES);

const type =
  (text: string): Step =>
  (guest) =>
    guest.stdin(text);
const credit =
  (creditMax: number): Step =>
  (guest) => {
    guest.creditMax = creditMax;
  };
const capture: Step = (guest) => guest.control.wantCapture(1);

async function run(...script: Step[]): Promise<PumpedGuest> {
  return new PumpedGuest(await prepared, { wasi }).run('live', [...script, type('')]);
}

function totals({ report }: PumpedGuest) {
  if (report?.kind !== 'outcome') throw new Error(JSON.stringify(report));
  return { outcome: report.outcome, digest: report.digest, position: report.position };
}

describe('a guest with private files', () => {
  it('is followed from its capture, whatever it writes meanwhile', async () => {
    const writing: Step[] = Array.from({ length: 12 }, (_, at) => (at % 2 ? type('abcd') : credit((at + 1) << 18)));
    const guest = await run(type('xy'), capture, ...writing, credit(Number.POSITIVE_INFINITY), type('zc'), type('q'));
    expect(guest.failure).toBeUndefined();
    expect(guest.isComplete).toBe(true);
    // The copy has no files of its own: all of it comes from the state.
    const second = follow(guest, guest.captured!.event, { wasi: { preopens: [] } });
    expect(totals(second)).toEqual(totals(guest));
  });

  it('is sent its files once, if nobody writes to them', async () => {
    const guest = await run(type('xy'), capture, ...new Array<Step>(20).fill(() => {}), type('q'));
    expect(guest.isComplete).toBe(true);
    const others = 40 * BLOCK_BYTES;
    expect(guest.stateBytes).toBeLessThan(FILE_BYTES + others);
    expect(totals(follow(guest, guest.captured!.event, { wasi: { preopens: [] } }))).toEqual(totals(guest));
  });
});
