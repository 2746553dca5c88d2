import { describe, expect, it } from 'vitest';
import type { LoggedValue } from '../../../src/log/entry.js';
import { EVENT } from '../../../src/record/call.js';
import { ERRNO, FDFLAGS, OFLAGS, WHENCE } from '../../../src/wasi/abi.js';
import { DECODED_CALLS } from '../../../src/wasi/decode-result.js';
import { describeEntry } from '../../../src/wasi/describe.js';
import { CALL_TABLE } from '../../../src/wasi/table.js';
import { contents, sharedGuest, storage } from './shared-harness.js';

/** Class and line of an entry of preview1. */
function line(name: string, result: LoggedValue): string {
  const row = CALL_TABLE.find((one) => one.name === `wasi_snapshot_preview1.${name}`)!;
  const { class: callClass, text } = describeEntry({ call: row.id, counter: 1, digest: 2, result });
  return `${callClass}: ${text}`;
}

describe('an entry', () => {
  it.each<[string, LoggedValue, string]>([
    ['clock_time_get', 1500, 'input: +1500 ns'],
    ['clock_time_get', 2n ** 60n, 'input: +1152921504606846976 ns'],
    ['random_get', Uint8Array.of(0, 255), 'input: 2 bytes 00ff'],
    ['fd_read', new TextEncoder().encode('a line\n'), 'input: 7 bytes "a line\\n"'],
    ['fd_read', new Uint8Array(0), 'input: 0 bytes '],
    ['fd_read', -ERRNO.AGAIN, 'input: errno AGAIN'],
    ['fd_write', 5, 'output: 5 bytes'],
    ['sock_send', -ERRNO.CONNRESET, 'output: errno CONNRESET'],
    ['sock_accept', 7, 'input: stream 7'],
    ['sock_connect', -200, 'output: errno 200'],
    ['sock_getaddrinfo', [[192, 0, 2, 1]], 'input: addresses 192.0.2.1'],
    ['sock_shutdown', null, 'output: '],
    [
      'poll_oneoff',
      [0, 0, 0, 2, 10, 256 + 15],
      'input: events {subscription 0, 0 bytes} {subscription 2, 10 bytes, errno CONNRESET, hangup}',
    ],
    [
      'path_filestat_get',
      [4, 12n, 1, 3, 1n, 2n, 3n],
      'input: filetype regular_file, inode 12, links 1, size 3, atimNs 1, mtimNs 2, ctimNs 3',
    ],
    ['path_unlink_file', ['d/a b', -1], 'input: path "d/a b", filetype none'],
    ['path_unlink_file', 0, 'output: done'],
    ['fd_seek', [12], 'input: size 12'],
    ['fd_readdir', [['.', 3, 5n]], 'input: entries {name ., filetype directory, inode 5}'],
    ['path_readlink', 'target', 'input: target target'],
  ])('of %s: %#', (name, result, expected) => {
    expect(line(name, result)).toBe(expected);
  });

  it('of an event, or of a call that is not known', () => {
    const base = { counter: 1, digest: 2 };
    expect(describeEntry({ ...base, call: EVENT.GO_LIVE, result: null })).toMatchObject({
      call: 'event.go-live',
      class: 'event',
      text: '',
    });
    expect(describeEntry({ ...base, call: 9999, result: 5 })).toMatchObject({ class: 'unknown', text: 'value 5' });
  });

  it('of every call that always logs has a decoder', () => {
    const logging = CALL_TABLE.filter((row) => row.class === 'input' || row.class === 'output');
    expect(logging.map((row) => row.function).filter((name) => !DECODED_CALLS.has(name))).toEqual([]);
  });

  it('of shared storage says what was found and done', () => {
    const root = storage();
    const { files: f } = sharedGuest(root);
    const fd = f.open('a', { oflags: OFLAGS.CREAT, fdflags: FDFLAGS.APPEND });
    f.write(fd, 'x');
    f.seek(fd, 0n, WHENCE.END);
    f.mkdir('d');
    expect(
      f.h.entries.map((entry) => describeEntry(entry)).map(({ class: callClass, text }) => `${callClass}: ${text}`),
    ).toEqual([
      'input: path a, filetype none',
      'output: done',
      'input: size 0',
      'output: 1 bytes',
      'input: size 1',
      'input: path d, filetype none',
      'output: done',
    ]);
    expect(Object.keys(contents(root))).toEqual(['a', 'd/']);
  });
});
