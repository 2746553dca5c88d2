/** Small guests in text form, assembled when a test needs them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import wabtInit from 'wabt';

const wabt = await wabtInit();

/** Assembles a module in text form. */
export function assemble(text: string): Uint8Array {
  const parsed = wabt.parseWat('test.wat', text, { tail_call: true });
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A temporary folder that is removed after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-test-'));
  folders.push(folder);
  return folder;
}

/** Writes bytes or a module in text form as `name` into a folder of its own; returns the path. */
export function moduleFile(content: string | Uint8Array, name = 'guest.wasm'): string {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, name);
  writeFileSync(file, typeof content === 'string' ? assemble(content) : content);
  return file;
}

/** Exits with `code` at once. */
export const exitsWith = (code: number): string => `(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const ${code}))))`;

/** Writes `text` to stdout and returns. */
export const prints = (text: string): string => `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\${text.length.toString(16).padStart(2, '0')}\\00\\00\\00")
  (data (i32.const 16) "${text.replaceAll('\n', '\\n')}")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;

/** Traps. */
export const TRAPS = '(module (memory (export "memory") 1) (func (export "_start") unreachable))';

/** Never ends and never calls the host. */
export const SPINS = '(module (memory (export "memory") 1) (func (export "_start") (loop $again (br $again))))';

/** Writes lines of `y` for ever. */
export const YES = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00")
  (data (i32.const 16) "y\\n")
  (func (export "_start") (loop $again
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (br $again))))`;

/** Reads standard input in non-blocking mode; its exit code is the errno. */
export const READS_WITHOUT_WAITING = `(module
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00")
  (func (export "_start")
    (drop (call $set_flags (i32.const 0) (i32.const 4)))
    (call $exit (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))`;

/** Wants something that nobody provides. */
export const IMPORTS_UNKNOWN = `(module
  (import "env" "launch_rocket" (func (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")))`;
