import { describe, expect, it } from 'vitest';
import { LinkError } from '../../../src/errors.js';
import { memoryServices } from '../../../src/host/memory.js';
import { FIRST_CALL_ID } from '../../../src/record/call.js';
import { Session } from '../../../src/record/session.js';
import { CALL_TABLE } from '../../../src/wasi/table.js';
import { PREVIEW1_CALLS } from '../../../src/wasi/tables/preview1.js';
import { formatType, parseSignature } from '../../../src/wasi/tables/signature.js';
import { callName, createWasi } from '../../../src/wasi/wasi.js';
import { ValType } from '../../../src/wasm/module.js';

/** Every function of wasi_snapshot_preview1 (WASI repository, legacy/preview1/witx). */
const PREVIEW1 = [
  ...['args_get', 'args_sizes_get', 'environ_get', 'environ_sizes_get', 'clock_res_get', 'clock_time_get'],
  ...['fd_advise', 'fd_allocate', 'fd_close', 'fd_datasync', 'fd_fdstat_get', 'fd_fdstat_set_flags'],
  ...['fd_fdstat_set_rights', 'fd_filestat_get', 'fd_filestat_set_size', 'fd_filestat_set_times', 'fd_pread'],
  ...['fd_prestat_get', 'fd_prestat_dir_name', 'fd_pwrite', 'fd_read', 'fd_readdir', 'fd_renumber', 'fd_seek'],
  ...['fd_sync', 'fd_tell', 'fd_write', 'path_create_directory', 'path_filestat_get', 'path_filestat_set_times'],
  ...['path_link', 'path_open', 'path_readlink', 'path_remove_directory', 'path_rename', 'path_symlink'],
  ...['path_unlink_file', 'poll_oneoff', 'proc_exit', 'proc_raise', 'sched_yield', 'random_get', 'sock_accept'],
  ...['sock_recv', 'sock_send', 'sock_shutdown'],
];

const { imports } = createWasi({}, memoryServices(), new Session({ sink: { append: () => undefined } }));

describe('the call table', () => {
  it('lists all of preview1', () => {
    const listed = PREVIEW1_CALLS.map((row) => row.function);
    expect(listed.sort()).toEqual([...PREVIEW1].sort());
  });

  it('has one id per call, above those of events, with a name', () => {
    const ids = CALL_TABLE.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Math.min(...ids)).toBeGreaterThanOrEqual(FIRST_CALL_ID);
    for (const row of CALL_TABLE) expect(callName(row.id)).toBe(row.name);
    expect(callName(1)).toBe('event.go-live');
    expect(callName(9)).toBeUndefined();
  });

  it('names every parameter', () => {
    for (const row of CALL_TABLE) expect(row.params).toHaveLength(row.type.params.length);
  });

  it('keeps the ids that recordings rely on', () => {
    const id = (name: string) => CALL_TABLE.find((row) => row.name === `wasi_snapshot_preview1.${name}`)?.id;
    expect([id('clock_time_get'), id('fd_read'), id('fd_write'), id('poll_oneoff')]).toEqual([21, 36, 42, 53]);
    expect([id('random_get'), id('sock_accept'), id('sock_recv'), id('sock_send')]).toEqual([57, 58, 59, 60]);
  });
});

describe('linking', () => {
  it('provides what is listed, under its exact type', () => {
    const { type } = parseSignature('fd:i32 offset:i64 whence:i32 newoffset:i32 -> i32');
    expect(imports.resolve('wasi_snapshot_preview1', 'fd_seek', type)).toBeTypeOf('function');
  });

  it('provides nothing else', () => {
    const { type } = parseSignature('-> i32');
    expect(imports.resolve('wasi_snapshot_preview1', 'thread_spawn', type)).toBeUndefined();
    expect(imports.resolve('env', 'fd_seek', type)).toBeUndefined();
  });

  it('chooses among several types of one name', () => {
    for (const signature of ['fd:i32 flags:i32 ro_fd:i32 -> i32', 'fd:i32 ro_fd:i32 -> i32']) {
      const { type } = parseSignature(signature);
      expect(imports.resolve('wasi_snapshot_preview1', 'sock_accept', type)).toBeTypeOf('function');
    }
    expect(() => imports.resolve('wasi_snapshot_preview1', 'sock_accept', parseSignature('-> i32').type)).toThrow(
      'is imported as () -> (i32), but it is (i32, i32, i32) -> (i32) or (i32, i32) -> (i32)',
    );
  });

  it('refuses another type by name', () => {
    const { type } = parseSignature('code:i64');
    expect(() => imports.resolve('wasi_snapshot_preview1', 'proc_exit', type)).toThrow(LinkError);
    expect(() => imports.resolve('wasi_snapshot_preview1', 'proc_exit', type)).toThrow(
      'wasi_snapshot_preview1.proc_exit is imported as (i64) -> (), but it is (i32) -> ()',
    );
  });
});

describe('signatures', () => {
  it('are parsed and printed', () => {
    const { params, type } = parseSignature('a:i32 b:i64 -> i32');
    expect(params).toEqual(['a', 'b']);
    expect(type).toEqual({ params: [ValType.I32, ValType.I64], results: [ValType.I32] });
    expect(formatType(type)).toBe('(i32, i64) -> (i32)');
  });
});
