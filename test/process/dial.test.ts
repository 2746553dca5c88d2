/** A guest that connects to a server outside. */
import net from 'node:net';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { CliProcess } from '../support/cli-process.js';
import { moduleFile, temporaryFolder } from '../support/modules.js';

/** Connects to 127.0.0.1, sends "ping", prints the answer; exits with the errno of connect if there is one. */
const client = (port: number): string => `(module
  (import "wasi_snapshot_preview1" "sock_open" (func $open (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_connect" (func $connect (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\20\\00\\00\\00\\04\\00\\00\\00\\7f\\00\\00\\01")
  (data (i32.const 32) "ping")
  (data (i32.const 64) "\\80\\00\\00\\00\\40\\00\\00\\00")
  (data (i32.const 72) "\\08\\00\\00\\00\\04\\00\\00\\00")
  (func $check (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
  (func (export "_start")
    (call $check (call $open (i32.const 1) (i32.const 2) (i32.const 16)))
    (call $check (call $connect (i32.load (i32.const 16)) (i32.const 72) (i32.const ${port})))
    (call $check (call $write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 20)))
    (call $check (call $read (i32.load (i32.const 16)) (i32.const 64) (i32.const 1) (i32.const 68)))
    (call $check (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 20)))))`;

const ACCES = 2;
const CONNREFUSED = 14;

/** Answers whatever comes with the same in brackets. */
async function echoServer(): Promise<{ port: number; close: () => Promise<unknown> }> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {}).on('data', (bytes) => socket.end(`[${bytes}]`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise((resolve) => server.close(resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as net.AddressInfo).port, close };
}

it('is answered, and replayed when the server is gone', async () => {
  const server = await echoServer();
  const module = moduleFile(client(server.port));
  const recording = path.join(temporaryFolder(), 'recording');
  const recorded = CliProcess.start(['record', '-o', recording, '--allow-connect', module]);
  expect(await recorded.exit()).toMatchObject({ code: 0 });
  expect(recorded.stdout).toBe('[ping]');
  await server.close();

  const replayed = CliProcess.start(['replay', recording]);
  expect(await replayed.exit()).toMatchObject({ code: 0 });
  expect(replayed.stdout).toBe('[ping]');
  const refused = CliProcess.start(['run', '--allow-connect', module]);
  expect(await refused.exit()).toMatchObject({ code: CONNREFUSED });
});

it('is refused unless it was allowed', async () => {
  const server = await echoServer();
  const guest = CliProcess.start(['run', moduleFile(client(server.port))]);
  expect(await guest.exit()).toMatchObject({ code: ACCES });
});
