/** Shared storage under real processes: what a killed primary wrote, the backup neither repeats nor leaves out. */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { CliProcess, ROOT } from '../support/cli-process.js';
import { moduleFile, temporaryFolder } from '../support/modules.js';
import { Replicas } from '../support/replicas.js';

const FIRST = 10_000;
const LAST = 10_699;

/** Appends the numbers from FIRST to LAST, a line each, to `log` in the directory at fd 4; says "go" on the way. */
const COUNTER = `(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\20\\00\\00\\00\\06\\00\\00\\00\\30\\00\\00\\00\\03\\00\\00\\00")
  (data (i32.const 32) "     \\n")
  (data (i32.const 48) "go\\nlog")
  (func $check (param i32) (if (local.get 0) (then unreachable)))
  (func $digits (param $number i32)
    (local $at i32)
    (local.set $at (i32.const 36))
    (loop $next
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (local.set $number (i32.div_u (local.get $number) (i32.const 10)))
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $next (local.get $number))))
  (func (export "_start")
    (local $number i32)
    (call $check (call $open (i32.const 4) (i32.const 0) (i32.const 51) (i32.const 3) (i32.const 1)
      (i64.const 0x40) (i64.const 0) (i32.const 1) (i32.const 64)))
    (local.set $number (i32.const ${FIRST}))
    (loop $next
      (call $digits (local.get $number))
      (call $check (call $write (i32.load (i32.const 64)) (i32.const 0) (i32.const 1) (i32.const 68)))
      (if (i32.eq (local.get $number) (i32.const ${FIRST + 200}))
        (then (call $check (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 68)))))
      (local.set $number (i32.add (local.get $number) (i32.const 1)))
      (br_if $next (i32.le_u (local.get $number) (i32.const ${LAST}))))))`;

it('a killed primary: each append is there once', async () => {
  const folder = temporaryFolder();
  const module = moduleFile(COUNTER, 'counter.wasm');
  const options = { module, flags: ['--dir', `${folder}::/data::shared`] };
  const replicas = new Replicas();
  const alpha = await replicas.primary({ ...options, flags: [...options.flags, '--min-backups', '1'] });
  const beta = await replicas.backup(alpha.logAddress, options);
  await alpha.process.output('go');
  alpha.process.kill('SIGKILL');
  await beta.process.event('go-live');
  expect((await beta.process.exit()).code).toBe(0);
  const numbers = Array.from({ length: LAST - FIRST + 1 }, (_, index) => `${FIRST + index}\n`);
  expect(readFileSync(path.join(folder, 'log'), 'utf8')).toBe(numbers.join(''));
});

it('a guest sees no difference to a private directory', async () => {
  const data = path.join(temporaryFolder(), 'data');
  mkdirSync(data);
  const guest = CliProcess.start(['run', '--dir', `${data}::/data::shared`, 'guests/wasi/files.wasm']);
  expect((await guest.exit()).code).toBe(0);
  expect(guest.stdout).toBe(readFileSync(path.join(ROOT, 'guests/wasi/files.out'), 'utf8'));
});

it('a directory that is none is refused before anything runs', async () => {
  const guest = CliProcess.start(['run', '--dir', '/nowhere::/data::shared', 'guests/wasi/files.wasm']);
  await guest.complaint('/nowhere cannot be read');
  expect((await guest.exit()).code).not.toBe(0);
  expect(guest.stdout).toBe('');
});
