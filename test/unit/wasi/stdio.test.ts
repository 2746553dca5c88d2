import { describe, expect, it } from 'vitest';
import { ERRNO, FDFLAGS, FILETYPE } from '../../../src/wasi/abi.js';
import { Harness } from './harness.js';

const COUNT = 64;

describe('standard output', () => {
  it('takes all buffers as one output, tagged with its event', () => {
    const h = new Harness();
    const [first, second] = [h.put('hello '), h.put('world\n')];
    const iovecs = h.alloc(24);
    for (const [index, [pointer, length]] of [first, [0, 0] as const, second].entries()) {
      h.view.setUint32(iovecs + index * 8, pointer, true);
      h.view.setUint32(iovecs + index * 8 + 4, length, true);
    }
    expect(h.call('fd_write', 1, iovecs, 3, COUNT)).toBe(ERRNO.SUCCESS);
    expect(h.u32(COUNT)).toBe(12);
    expect(h.call('fd_write', 2, ...h.source('oops'), COUNT)).toBe(ERRNO.SUCCESS);
    expect(h.fakes.output.records).toEqual([
      { kind: 'stdio', fd: 1, text: 'hello world\n', event: 1 },
      { kind: 'stdio', fd: 2, text: 'oops', event: 2 },
    ]);
  });

  it('writes nothing for no bytes', () => {
    const h = new Harness();
    expect(h.call('fd_write', 1, 0, 0, COUNT)).toBe(ERRNO.SUCCESS);
    expect(h.fakes.output.records).toEqual([]);
  });

  it('refuses bad buffers, descriptors and directions', () => {
    const h = new Harness();
    expect(h.call('fd_write', 1, ...h.iovec(131071, 2), COUNT)).toBe(ERRNO.FAULT);
    expect(h.call('fd_write', 1, ...h.iovec(-1, -1), COUNT)).toBe(ERRNO.FAULT);
    expect(h.call('fd_write', 1, 131070, 1, COUNT)).toBe(ERRNO.FAULT);
    expect(h.call('fd_write', 1, 0, 0x20000000, COUNT)).toBe(ERRNO.FAULT);
    expect(h.call('fd_write', 1, ...h.source('x'), 131069)).toBe(ERRNO.FAULT);
    expect(h.call('fd_write', 99, ...h.source('x'), COUNT)).toBe(ERRNO.BADF);
    expect(h.call('fd_write', -1, ...h.source('x'), COUNT)).toBe(ERRNO.BADF);
    expect(h.call('fd_write', 0, ...h.source('x'), COUNT)).toBe(ERRNO.BADF);
    expect(h.call('fd_read', 1, ...h.iovec(200, 10), COUNT)).toBe(ERRNO.BADF);
    expect(h.entries).toEqual([]);
    expect(h.fakes.output.records).toEqual([]);
  });

  it('can be closed, and its number is given to nobody else at random', () => {
    const h = new Harness();
    expect(h.call('fd_close', 1)).toBe(ERRNO.SUCCESS);
    expect(h.call('fd_write', 1, ...h.source('x'), COUNT)).toBe(ERRNO.BADF);
    h.fakes.network.connect();
    expect(h.call('sock_accept', 3, 0, COUNT)).toBe(ERRNO.SUCCESS);
    expect(h.u32(COUNT)).toBe(1);
  });
});

describe('standard input', () => {
  function read(h: Harness, length: number): string | number {
    const buffer = h.alloc(length);
    const errno = h.call('fd_read', 0, ...h.iovec(buffer, length), COUNT);
    return errno === ERRNO.SUCCESS ? h.text(buffer, h.u32(COUNT)) : errno;
  }

  it('is read in pieces, up to its end', () => {
    const h = new Harness();
    h.fakes.stdin.push('hello');
    h.fakes.stdin.closed = true;
    expect([read(h, 3), read(h, 10), read(h, 10), read(h, 10)]).toEqual(['hel', 'lo', '', '']);
  });

  it('blocks until something comes', () => {
    const h = new Harness();
    h.fakes.waiter.steps.push(
      () => undefined,
      () => h.fakes.stdin.push('late'),
    );
    expect(read(h, 10)).toBe('late');
    expect(h.fakes.waiter.deadlines).toEqual([undefined, undefined]);
  });

  it('does not block when asked not to', () => {
    const h = new Harness();
    expect(h.call('fd_fdstat_set_flags', 0, FDFLAGS.NONBLOCK)).toBe(ERRNO.SUCCESS);
    expect(read(h, 10)).toBe(ERRNO.AGAIN);
    h.fakes.stdin.push('x');
    expect(read(h, 10)).toBe('x');
    expect(h.entries.map(({ result }) => result)).toEqual([-ERRNO.AGAIN, Uint8Array.of(120)]);
  });

  it('blocks on a file even when asked not to', () => {
    const h = new Harness();
    h.fakes.stdin.isFile = true;
    expect(h.call('fd_fdstat_set_flags', 0, FDFLAGS.NONBLOCK)).toBe(ERRNO.SUCCESS);
    h.fakes.waiter.steps.push(() => h.fakes.stdin.push('late'));
    expect(read(h, 10)).toBe('late');
  });
});

describe('fd_fdstat_get', () => {
  it.each([
    [true, FILETYPE.CHARACTER_DEVICE],
    [false, FILETYPE.UNKNOWN],
  ])('with terminal: %s', (terminal, filetype) => {
    const h = new Harness({ config: { terminal } });
    h.bytes.fill(0xaa, 64, 96);
    expect(h.call('fd_fdstat_get', 1, 64)).toBe(ERRNO.SUCCESS);
    expect([h.bytes[64], h.bytes[65], h.u16(66), h.u32(68)]).toEqual([filetype, 0, 0, 0]);
    expect(h.u64(80)).toBe(0n);
    expect(h.bytes[88]).toBe(0xaa);
  });
});
