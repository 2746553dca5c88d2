/** Standard output of a service on disk, and a guest that ends: what had left before a crash, and what comes after it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { CliProcess } from '../support/cli-process.js';
import { DurableService } from '../support/durable-service.js';
import { assemble } from '../support/wat.js';

/** Writes a line of five digits every millisecond, from 00000 on, up to `last`; then exits with code 7. */
const COUNTING = (last: number) => `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\20\\00\\00\\00\\06\\00\\00\\00") ;; an iovec: six bytes at 32
  (func $digits (param $n i32) (local $at i32)
    (local.set $at (i32.const 37))
    (i32.store8 (local.get $at) (i32.const 10))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
      (local.set $n (i32.div_u (local.get $n) (i32.const 10)))
      (br_if $next (i32.gt_u (local.get $at) (i32.const 32)))))
  (func (export "_start") (local $n i32)
    (i32.store (i32.const 80) (i32.const 1))          ;; subscription at 64: the monotonic clock
    (i64.store (i32.const 88) (i64.const 1000000))    ;; in one millisecond
    (loop $next
      (call $digits (local.get $n))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 48)))
      (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 52)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $next (i32.le_u (local.get $n) (i32.const ${last}))))
    (call $exit (i32.const 7))))`;

async function counting(service: DurableService, last: number): Promise<string> {
  const module = path.join(service.replicas.folder, 'counting.wasm');
  writeFileSync(module, await assemble('counting.wat', COUNTING(last)));
  return module;
}

/** The whole lines. */
function numbers({ stdout }: CliProcess): number[] {
  return stdout.split('\n').slice(0, -1).map(Number);
}

it('goes on behind the last mark: nothing is left out, and little comes twice', async () => {
  const service = await DurableService.create('--output-after', 'fsync', '--snapshot-every', '200ms');
  const module = await counting(service, 99_999);
  let alpha = await service.primary('durable', { module });
  let expected = 0;
  for (let round = 0; round < 4; round++) {
    await alpha.process.output(`${String(expected + 150).padStart(5, '0')}\n`);
    alpha.process.kill('SIGKILL');
    await alpha.process.exit();
    const lines = numbers(alpha.process);
    expect(lines[0]!).toBeLessThanOrEqual(expected);
    expect(lines).toEqual(lines.map((_, index) => lines[0]! + index));
    expected = lines.at(-1)! + 1;
    alpha = await service.primary('recover', { module });
  }
  await alpha.process.output(`${String(expected + 50).padStart(5, '0')}\n`);
  expect(numbers(alpha.process)[0]!).toBeLessThanOrEqual(expected);
});

it('a guest that has ended is ended again, with its exit code, and says nothing twice', async () => {
  const service = await DurableService.create('--output-after', 'fsync');
  const module = await counting(service, 200);
  const first = await service.primary('durable', { module });
  expect(await first.process.exit()).toEqual({ code: 7, signal: null });
  expect(numbers(first.process)).toHaveLength(201);
  const again = CliProcess.start(service.recoverArgs(module));
  expect(await again.exit()).toEqual({ code: 7, signal: null });
  expect(again.stdout).toBe('');
});
