import { describe, expect, it } from 'vitest';
import { ERRNO, FDFLAGS, FILETYPE, RIFLAGS, SDFLAGS } from '../../../src/wasi/abi.js';
import { Harness } from './harness.js';

const COUNT = 64;
const FLAGS = 68;
const LISTENER = 3;

/** A harness with one accepted connection. */
function connected(flags = 0): { h: Harness; fd: number; stream: number } {
  const h = new Harness();
  const stream = h.fakes.network.connect();
  expect(h.call('sock_accept', LISTENER, flags, COUNT)).toBe(ERRNO.SUCCESS);
  return { h, fd: h.u32(COUNT), stream };
}

function receive(h: Harness, fd: number, length: number, riflags = 0): string | number {
  const buffer = h.alloc(length);
  const errno = h.call('sock_recv', fd, ...h.iovec(buffer, length), riflags, COUNT, FLAGS);
  return errno === ERRNO.SUCCESS ? h.text(buffer, h.u32(COUNT)) : errno;
}

function send(h: Harness, fd: number, text: string): number {
  const errno = h.call('sock_send', fd, ...h.source(text), 0, COUNT);
  return errno === ERRNO.SUCCESS ? h.u32(COUNT) : -errno;
}

describe('sock_accept', () => {
  it('takes connections in order, on the lowest free descriptors', () => {
    const h = new Harness();
    for (let client = 0; client < 3; client++) h.fakes.network.connect();
    for (const fd of [4, 5, 6]) {
      expect(h.call('sock_accept', LISTENER, 0, COUNT)).toBe(ERRNO.SUCCESS);
      expect(h.u32(COUNT)).toBe(fd);
    }
    h.call('fd_close', 5);
    h.fakes.network.connect();
    h.call('sock_accept', LISTENER, 0, COUNT);
    expect(h.u32(COUNT)).toBe(5);
  });

  it('blocks, or says EAGAIN', () => {
    const h = new Harness();
    h.fakes.waiter.steps.push(() => h.fakes.network.connect());
    expect(h.call('sock_accept', LISTENER, 0, COUNT)).toBe(ERRNO.SUCCESS);
    h.call('fd_fdstat_set_flags', LISTENER, FDFLAGS.NONBLOCK);
    expect(h.call('sock_accept', LISTENER, 0, COUNT)).toBe(ERRNO.AGAIN);
  });

  it('does not block on a preopened listener whose flags the guest has asked for first', () => {
    const h = new Harness();
    expect(h.call('fd_fdstat_get', LISTENER, COUNT)).toBe(ERRNO.SUCCESS);
    expect(h.view.getUint16(COUNT + 2, true)).toBe(FDFLAGS.NONBLOCK);
    expect(h.call('sock_accept', LISTENER, 0, COUNT)).toBe(ERRNO.AGAIN);
    h.call('fd_fdstat_set_flags', LISTENER, 0);
    h.fakes.waiter.steps.push(() => h.fakes.network.connect());
    expect(h.call('sock_accept', LISTENER, 0, COUNT)).toBe(ERRNO.SUCCESS);
    h.call('fd_fdstat_get', LISTENER, COUNT);
    expect(h.view.getUint16(COUNT + 2, true)).toBe(0);
  });

  it('still blocks once it has, whoever asks later', () => {
    const h = new Harness();
    h.fakes.network.connect();
    h.call('sock_accept', LISTENER, 0, COUNT);
    h.call('fd_fdstat_get', LISTENER, COUNT);
    expect(h.view.getUint16(COUNT + 2, true)).toBe(0);
  });

  it('gives the new descriptor its flags and the type of a stream socket', () => {
    const { h, fd } = connected(FDFLAGS.NONBLOCK);
    h.call('fd_fdstat_get', fd, 128);
    expect([h.bytes[128], h.u16(130)]).toEqual([FILETYPE.SOCKET_STREAM, FDFLAGS.NONBLOCK]);
    h.call('fd_fdstat_get', LISTENER, 128);
    expect(h.bytes[128]).toBe(FILETYPE.SOCKET_STREAM);
  });

  it('refuses what is no listener', () => {
    const { h, fd } = connected();
    expect(h.call('sock_accept', fd, 0, COUNT)).toBe(ERRNO.INVAL);
    expect(h.call('sock_accept', 1, 0, COUNT)).toBe(ERRNO.NOTSOCK);
    expect(h.call('sock_accept', 50, 0, COUNT)).toBe(ERRNO.BADF);
    expect(h.call('sock_accept', LISTENER, 1, COUNT)).toBe(ERRNO.INVAL);
    expect(h.call('sock_accept', LISTENER, 0, -2)).toBe(ERRNO.FAULT);
  });
});

describe('sock_recv', () => {
  it('gives what is there, then blocks for more', () => {
    const { h, fd, stream } = connected();
    h.fakes.network.push(stream, 'hello');
    expect(receive(h, fd, 3)).toBe('hel');
    expect(receive(h, fd, 100)).toBe('lo');
    h.fakes.waiter.steps.push(() => h.fakes.network.push(stream, 'more'));
    expect(receive(h, fd, 100)).toBe('more');
    expect(h.wasi.state.descriptors[fd]).toMatchObject({ inputOffset: 9 });
  });

  it('peeks without taking', () => {
    const { h, fd, stream } = connected();
    h.fakes.network.push(stream, 'hello');
    expect(receive(h, fd, 3, RIFLAGS.PEEK)).toBe('hel');
    expect(h.wasi.state.descriptors[fd]).toMatchObject({ inputOffset: 0 });
    expect(receive(h, fd, 100)).toBe('hello');
  });

  it('waits for all when asked to', () => {
    const { h, fd, stream } = connected();
    h.fakes.network.push(stream, 'ab');
    h.fakes.waiter.steps.push(
      () => h.fakes.network.push(stream, 'cd'),
      () => h.fakes.network.push(stream, 'efg'),
    );
    expect(receive(h, fd, 6, RIFLAGS.WAITALL)).toBe('abcdef');
    h.fakes.network.end(stream);
    expect(receive(h, fd, 6, RIFLAGS.WAITALL)).toBe('g');
  });

  it('ends with the peer, and never asks again after a local shutdown', () => {
    const { h, fd, stream } = connected();
    h.fakes.network.push(stream, 'x');
    h.fakes.network.end(stream);
    expect([receive(h, fd, 5), receive(h, fd, 5), receive(h, fd, 5)]).toEqual(['x', '', '']);
    h.call('sock_shutdown', fd, SDFLAGS.RD);
    const entries = h.entries.length;
    expect(receive(h, fd, 5)).toBe('');
    expect(h.entries).toHaveLength(entries);
  });

  it('reports a reset', () => {
    const { h, fd, stream } = connected();
    h.fakes.network.reset(stream);
    expect(receive(h, fd, 5)).toBe(ERRNO.CONNRESET);
    expect(send(h, fd, 'x')).toBe(-ERRNO.CONNRESET);
  });

  it('says EAGAIN on a non-blocking descriptor', () => {
    const { h, fd } = connected(FDFLAGS.NONBLOCK);
    expect(receive(h, fd, 5)).toBe(ERRNO.AGAIN);
  });

  it('fills buffers in order', () => {
    const { h, fd, stream } = connected();
    h.fakes.network.push(stream, 'abcdef');
    const iovecs = h.alloc(24);
    for (const [index, length] of [2, 0, 3].entries()) {
      h.view.setUint32(iovecs + index * 8, 512 + index * 16, true);
      h.view.setUint32(iovecs + index * 8 + 4, length, true);
    }
    expect(h.call('sock_recv', fd, iovecs, 3, 0, COUNT, FLAGS)).toBe(ERRNO.SUCCESS);
    expect([h.u32(COUNT), h.text(512, 2), h.text(544, 3)]).toEqual([5, 'ab', 'cde']);
  });

  it('takes nothing when an argument is bad', () => {
    const { h, fd, stream } = connected();
    h.fakes.network.push(stream, 'hello');
    expect(h.call('sock_recv', fd, ...h.iovec(131070, 5), 0, COUNT, FLAGS)).toBe(ERRNO.FAULT);
    expect(h.call('sock_recv', fd, ...h.iovec(512, 5), 0, -1, FLAGS)).toBe(ERRNO.FAULT);
    expect(h.call('sock_recv', fd, ...h.iovec(512, 5), 0, COUNT, 131071)).toBe(ERRNO.FAULT);
    expect(h.call('sock_recv', fd, ...h.iovec(512, 5), 4, COUNT, FLAGS)).toBe(ERRNO.INVAL);
    expect(h.call('sock_recv', LISTENER, ...h.iovec(512, 5), 0, COUNT, FLAGS)).toBe(ERRNO.NOTCONN);
    expect(h.call('sock_recv', 1, ...h.iovec(512, 5), 0, COUNT, FLAGS)).toBe(ERRNO.NOTSOCK);
    expect(h.call('sock_recv', 77, ...h.iovec(512, 5), 0, COUNT, FLAGS)).toBe(ERRNO.BADF);
    expect(receive(h, fd, 100)).toBe('hello');
  });
});

describe('sock_send', () => {
  it('sends what the window takes', () => {
    const { h, fd, stream } = connected();
    h.fakes.network.setWindow(stream, 4);
    expect(send(h, fd, 'hello')).toBe(4);
    expect(h.fakes.output.records).toEqual([{ kind: 'send', stream, text: 'hell', event: 2 }]);
    expect(h.wasi.state.descriptors[fd]).toMatchObject({ outputOffset: 4 });
  });

  it('blocks on a full window, or says EAGAIN', () => {
    const { h, fd, stream } = connected();
    h.fakes.network.setWindow(stream, 0);
    h.fakes.waiter.steps.push(() => h.fakes.network.setWindow(stream, 2));
    expect(send(h, fd, 'abc')).toBe(2);
    h.fakes.network.setWindow(stream, 0);
    h.call('fd_fdstat_set_flags', fd, FDFLAGS.NONBLOCK);
    expect(send(h, fd, 'abc')).toBe(-ERRNO.AGAIN);
  });

  it('is EPIPE after a local shutdown', () => {
    const { h, fd, stream } = connected();
    expect(h.call('sock_shutdown', fd, SDFLAGS.WR)).toBe(ERRNO.SUCCESS);
    expect(send(h, fd, 'x')).toBe(-ERRNO.PIPE);
    expect(h.fakes.output.records).toEqual([{ kind: 'shutdown', stream, how: 'write', event: 2 }]);
  });

  it('knows no flags', () => {
    const { h, fd } = connected();
    expect(h.call('sock_send', fd, ...h.source('x'), 1, COUNT)).toBe(ERRNO.INVAL);
  });
});

describe('sockets as files', () => {
  it('are read and written', () => {
    const { h, fd, stream } = connected();
    h.fakes.network.push(stream, 'in');
    expect(h.call('fd_read', fd, ...h.iovec(512, 10), COUNT)).toBe(ERRNO.SUCCESS);
    expect(h.text(512, h.u32(COUNT))).toBe('in');
    expect(h.call('fd_write', fd, ...h.source('out'), COUNT)).toBe(ERRNO.SUCCESS);
    expect(h.fakes.output.records).toMatchObject([{ kind: 'send', text: 'out' }]);
  });

  it('have no offset', () => {
    const { h, fd } = connected();
    expect(h.call('fd_seek', fd, 0n, 0, COUNT)).toBe(ERRNO.SPIPE);
    expect(h.call('fd_tell', fd, COUNT)).toBe(ERRNO.SPIPE);
    expect(h.call('fd_pread', fd, 0, 0, 0n, COUNT)).toBe(ERRNO.SPIPE);
    expect(h.call('fd_read', LISTENER, 0, 0, COUNT)).toBe(ERRNO.NOTCONN);
  });

  it('are closed as an output', () => {
    const { h, fd, stream } = connected();
    expect(h.call('fd_close', fd)).toBe(ERRNO.SUCCESS);
    expect(h.call('fd_close', fd)).toBe(ERRNO.BADF);
    expect(h.fakes.output.records).toEqual([{ kind: 'close', stream, event: 2 }]);
  });

  it('are closed by a renumbering over them', () => {
    const { h, fd, stream } = connected();
    expect(h.call('fd_renumber', 1, fd)).toBe(ERRNO.SUCCESS);
    expect(h.fakes.output.records).toEqual([{ kind: 'close', stream, event: 2 }]);
    expect(h.call('fd_write', 1, ...h.source('x'), COUNT)).toBe(ERRNO.BADF);
    expect(h.call('fd_write', fd, ...h.source('moved'), COUNT)).toBe(ERRNO.SUCCESS);
    expect(h.fakes.output.records.at(-1)).toMatchObject({ kind: 'stdio', text: 'moved' });
  });
});

describe('sock_shutdown', () => {
  it.each([
    [SDFLAGS.RD, 'read'],
    [SDFLAGS.WR, 'write'],
    [SDFLAGS.ALL, 'both'],
  ])('of %d', (how, expected) => {
    const { h, fd } = connected();
    expect(h.call('sock_shutdown', fd, how)).toBe(ERRNO.SUCCESS);
    expect(h.fakes.output.records).toMatchObject([{ kind: 'shutdown', how: expected }]);
  });

  it('refuses other flags', () => {
    const { h, fd } = connected();
    for (const how of [0, 4, -1]) expect(h.call('sock_shutdown', fd, how)).toBe(ERRNO.INVAL);
    expect(h.call('sock_shutdown', LISTENER, SDFLAGS.RD)).toBe(ERRNO.NOTCONN);
  });
});
