/** The key-value guest under a primary that dies after every log entry: its clients must not be able to tell. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { DEFAULT_LIMITS } from '../../src/engine/engine.js';
import { SeededEntropy } from '../../src/host/memory.js';
import { simulateCrashes } from '../../src/runtime/node/simulate.js';
import { parseScript } from '../../src/runtime/simulate/script.js';
import { sweep } from '../../src/runtime/simulate/sweep.js';
import { moduleFile } from '../support/modules.js';

const KV = new URL('../../guests/kv/build/kv.wasm', import.meta.url).pathname;
const SCRIPT = readFileSync(new URL('kv-session.txt', import.meta.url), 'utf8');

test('a key-value session looks the same wherever the primary dies', async () => {
  const report = await simulateCrashes({ module: KV, script: SCRIPT, crashAt: { kind: 'every-entry' } });
  console.log(
    `crash sweep: ${report.runs} runs over ${report.entries} entries, equal: ${JSON.stringify(report.equal)}`,
  );
  expect(report.differences).toEqual([]);
  expect(report.entries).toBeGreaterThan(60);
  expect(report.runs).toBe(3 * report.entries);
});

test('a guest that is given other entropy in each run is found out', async () => {
  const prepared = await new CompiledEngine().prepare(readFileSync(KV));
  const wasi = { args: ['kv'], env: [], listeners: 1, preopens: [], random: 'seeded' } as const;
  let runs = 0;
  const makeService = (clock: Parameters<Parameters<typeof sweep>[0]>[0]) => {
    return { prepared, limits: DEFAULT_LIMITS, wasi, clock, entropy: new SeededEntropy(++runs) };
  };
  const keys = Array.from({ length: 8 }, (_, key) => `SET ${key} x\\r\\n`).join('');
  const asked = 'RANDOMKEY\\r\\n'.repeat(12);
  const script = parseScript(`a: connect\na: send "${keys}${asked}"\na: wait ${8 * 5 + 12 * 7}`);
  const report = sweep(makeService, script, { kind: 'random', count: 2, seed: 3 });
  expect(report.runs).toBe(6);
  expect(report.differences.length).toBeGreaterThan(0);
  expect(report.differences[0]?.what).toMatch(/^client a was sent "/);
});

/** Serves one client: echoes what it first sends, and exits without closing anything. */
const ONE_CLIENT = `(module
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "\\40\\00\\00\\00\\20")
  (func (export "_start")
    (call $exit (i32.add
      (i32.add (call $accept (i32.const 3) (i32.const 0) (i32.const 0))
               (call $read (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 12)))
      (call $write (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 16))))))`;

test('a service that ends closes its connections, and the script names the line that it does not live to see', async () => {
  const common = { module: moduleFile(ONE_CLIENT), crashAt: { kind: 'every-entry' } } as const;
  const script = 'a: connect\na: send "x" * 32\na: wait 32\na: wait end\n';
  const report = await simulateCrashes({ ...common, script });
  expect(report.clients).toMatchObject([{ name: 'a', end: 'ended' }]);
  expect(report.outcome).toMatchObject({ kind: 'exited', exitCode: 0 });
  expect(report.differences).toEqual([]);
  expect(report.runs).toBe(3 * report.entries);
  // The second client is never accepted.
  const two = await simulateCrashes({ ...common, script: `${script.replace('\n', '\nb: connect\n')}b: wait end` });
  expect(two.clients).toMatchObject([{ end: 'ended' }, { end: 'ended' }]);
  await expect(simulateCrashes({ ...common, script: `${script}b: connect\nb: wait "x"` })).rejects.toThrow(
    'script line 6: the guest ended before this could be done',
  );
});

/** Asks again and again whether a client has come, and after that what time it is until 5 ms have passed. */
const BUSY = `(module
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "\\40\\00\\00\\00\\20")
  (func $now (result i64) (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 32))) (i64.load (i32.const 32)))
  (func (export "_start") (local $until i64)
    (drop (call $flags (i32.const 3) (i32.const 4)))
    (loop $ask (br_if $ask (call $accept (i32.const 3) (i32.const 0) (i32.const 0))))
    (local.set $until (i64.add (call $now) (i64.const 5000000)))
    (loop $look (br_if $look (i64.lt_u (call $now) (local.get $until))))
    (drop (call $write (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 16)))
    (loop $forever (br $forever))))`;

test('clients and time go on while a guest is busy', async () => {
  const script = 'pause 2ms\na: connect\na: wait 32\n';
  const report = await simulateCrashes({
    module: moduleFile(BUSY),
    script,
    crashAt: { kind: 'random', count: 2, seed: 1 },
  });
  expect(report.clients).toMatchObject([{ bytes: new Uint8Array(32) }]);
  expect(report.differences).toEqual([]);
});
