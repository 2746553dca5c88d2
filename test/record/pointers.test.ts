/**
 * A guest that makes every preview1 call with good arguments, and then with each argument in turn pointing nowhere, across the
 * end of memory, or around it. It must be told so, the same on both engines and at replay, and the host must not mind.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { PreparedModule } from '../../src/engine/engine.js';
import { ERRNO } from '../../src/wasi/abi.js';
import type { CallRow } from '../../src/wasi/table.js';
import { PREVIEW1_CALLS } from '../../src/wasi/tables/preview1.js';
import { ValType } from '../../src/wasm/module.js';
import { ENGINES } from '../support/guests.js';
import { type Recording, recordRun, replayRun } from '../support/record-run.js';
import { assemble } from '../support/wat.js';

/** They end the run, or take away the descriptors that the other calls use. */
const LEFT_OUT = ['proc_exit', 'proc_raise', 'fd_close', 'fd_renumber'];
const ROWS = PREVIEW1_CALLS.filter((row) => !LEFT_OUT.includes(row.function));

const MEMORY_BYTES = 65536;
/** Descriptors to try: standard input, a directory, a file. */
const FDS = [0, 3, 4];
/** Where each argument that is a pointer points, if it is to be good: room for any struct, a slot for each. */
const SLOT_BYTES = 256;
const FIRST_SLOT = 1024;
const RESULTS = 8192;
const NO_ARGUMENT = -1;

/** With good arguments, what keeps a call from succeeding comes after a look at its pointers. */
const GOOD: readonly number[] = [ERRNO.SUCCESS, ERRNO.EXIST, ERRNO.NOENT];

/** Outside of memory, across its end, around the end of the address space. */
const BAD = [0xffff_ffff, 0xffff_fffc, 0x8000_0000, MEMORY_BYTES, MEMORY_BYTES - 1];
/** As lengths, they make any buffer end outside. */
const BAD_LENGTHS = [0xffff_ffff, 0x8000_0000, MEMORY_BYTES];

interface Attempt {
  readonly row: CallRow;
  readonly fd: number;
  /** Which argument is bad, and what it is. */
  readonly bad: number;
  readonly value: number;
}

const isFd = (name: string): boolean => /^(fd|old_fd|new_fd)$/.test(name);
const isLength = ({ params, type }: CallRow, at: number): boolean =>
  type.params[at] === ValType.I32 && /(^|_)len$/.test(params[at]!);
const POINTERS = [
  ...['argv', 'argv_buf', 'argc', 'argv_buf_size', 'environ', 'environ_buf', 'count', 'environ_buf_size', 'resolution'],
  ...[
    'time',
    'stat',
    'prestat',
    'iovs',
    'nread',
    'nwritten',
    'buf',
    'bufused',
    'newoffset',
    'offset',
    'path',
    'opened',
  ],
  ...[
    'old_path',
    'new_path',
    'in',
    'out',
    'nevents',
    'ro_fd',
    'ri_data',
    'ro_datalen',
    'ro_flags',
    'si_data',
    'so_datalen',
  ],
];
const isPointer = ({ params, type }: CallRow, at: number): boolean =>
  type.params[at] === ValType.I32 && POINTERS.includes(params[at]!);

function attemptsOf(row: CallRow): Attempt[] {
  const fds = row.params.some(isFd) ? FDS : [0];
  return fds.flatMap((fd) => {
    const bad = row.params.flatMap((_, at) => {
      const values = isPointer(row, at) ? BAD : isLength(row, at) ? BAD_LENGTHS : [];
      return values.map((value) => ({ row, fd, bad: at, value }));
    });
    return [{ row, fd, bad: NO_ARGUMENT, value: 0 }, ...bad];
  });
}

/** One buffer; a name of two bytes. */
const goodLength = (name: string): number => (/iovs|data/.test(name) ? 1 : 2);

const ATTEMPTS = ROWS.flatMap(attemptsOf);

function argumentsOf({ bad, fd, row, value }: Attempt): string {
  const words = row.params.map((name, at) => {
    if (row.type.params[at] === ValType.I64) return `(i64.const ${row.function === 'fd_fdstat_set_rights' ? -1 : 0})`;
    const good = isFd(name)
      ? fd
      : isPointer(row, at)
        ? FIRST_SLOT + at * SLOT_BYTES
        : isLength(row, at)
          ? goodLength(name)
          : 0;
    return `(i32.const ${at === bad ? value : good})`;
  });
  return words.join(' ');
}

const NAMES: Partial<Record<ValType, string>> = { [ValType.I32]: 'i32', [ValType.I64]: 'i64' };

/** Each errno is a byte behind {@link RESULTS}; all of memory is written to standard output at the end. */
function guestText(): string {
  const imports = ROWS.map(({ function: name, type: { params } }) => {
    const types = params.map((type) => NAMES[type]).join(' ');
    return `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param ${types}) (result i32)))`;
  });
  const calls = ATTEMPTS.map((attempt, at) => {
    const call = `(call $${attempt.row.function} ${argumentsOf(attempt)})`;
    return `(memory.fill (i32.const 0) (i32.const 102) (i32.const ${RESULTS}))
      ;; Names are 'ff'; where iovecs stand, there is one buffer of 8 bytes.
      (i32.store (i32.const ${FIRST_SLOT + SLOT_BYTES}) (i32.const 7777)) (i32.store (i32.const ${FIRST_SLOT + SLOT_BYTES + 4}) (i32.const 8))
      (i32.store8 (i32.const ${RESULTS + at}) ${call})`;
  });
  return `(module ${imports.join('\n')} (memory (export "memory") 1) (data (i32.const 0) "ff")
    (func (export "_start")
      (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 1) (i64.const -1) (i64.const 0) (i32.const 0) (i32.const 16)))
      ${calls.join('\n')}
      (i32.store (i32.const 0) (i32.const ${RESULTS})) (i32.store (i32.const 4) (i32.const ${ATTEMPTS.length}))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))`;
}

const OPTIONS = {
  config: { args: ['guest', 'x'], env: [['A', 'b']], preopens: [{ guest: '/data', mode: 'private', entries: [] }] },
} as const;

/** More than 1024 buffers are refused as such; a name may be given more room than there is. */
function isAllowed(name: string, errno: number): boolean {
  return /iovs_len|data_len/.test(name) ? errno === ERRNO.INVAL : name === 'path_len' && errno === ERRNO.SUCCESS;
}

describe('bad pointers', () => {
  let modules: readonly PreparedModule[];
  let recordings: readonly Recording[];
  beforeAll(async () => {
    expect(RESULTS + ATTEMPTS.length).toBeLessThan(MEMORY_BYTES);
    const bytes = await assemble('pointers', guestText());
    modules = await Promise.all(ENGINES.map(async ({ make }) => (await make()).prepare(bytes)));
    recordings = modules.map((module) => recordRun(module, OPTIONS));
  });

  it('trap nowhere, and are the same on both engines and at replay', () => {
    for (const { batches, ...result } of recordings) {
      expect(result.outcome.kind).toBe('returned');
      expect(result.stdout.length).toBe(ATTEMPTS.length);
      expect(result.stdout).toBe(recordings[0]!.stdout);
      for (const module of modules) expect(replayRun(module, OPTIONS, batches)).toEqual(result);
    }
  });

  it.for(ROWS.map((row) => [row.function] as const))('%s says so', ([name]) => {
    const errnos = [...recordings[0]!.stdout].map((letter) => letter.charCodeAt(0));
    const wrong: string[] = [];
    let good: number | undefined;
    for (const [at, { bad, fd, row, value }] of ATTEMPTS.entries()) {
      if (row.function !== name) continue;
      const errno = errnos[at]!;
      if (bad === NO_ARGUMENT) good = errno;
      else if (GOOD.includes(good!) && errno !== ERRNO.FAULT && !isAllowed(row.params[bad]!, errno))
        wrong.push(`${row.params[bad]!} = 0x${value.toString(16)} with descriptor ${fd}: errno ${errno}`);
    }
    expect(wrong).toEqual([]);
  });
});
