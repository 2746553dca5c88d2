import { describe, expect, it } from 'vitest';
import { memoryServices } from '../../../src/host/memory.js';
import { ERRNO, FILETYPE } from '../../../src/wasi/abi.js';
import { Harness } from './harness.js';

const OUT = 64;
const [INET4, INET6] = [1, 2];
const [ANY, DATAGRAM, STREAM] = [0, 1, 2];

function harness(ports?: readonly number[]): Harness {
  const config = { listeners: 2, ...(ports === undefined ? {} : { listenerPorts: ports }) };
  return new Harness({ config, services: memoryServices(2) });
}

function open(h: Harness, family = INET4, type = STREAM): number {
  const errno = h.call('sock_open', family, type, OUT);
  return errno === 0 ? h.u32(OUT) : -errno;
}

/** The extension's pair of pointer and size. */
function address(h: Harness, octets: Uint8Array): number {
  const [pointer, size] = h.put(octets);
  const at = h.alloc(8);
  h.view.setUint32(at, pointer, true);
  h.view.setUint32(at + 4, size, true);
  return at;
}

function bindAndListen(h: Harness, fd: number, port: number): number {
  return h.call('sock_bind', fd, address(h, Uint8Array.of(127, 0, 0, 1)), port) || h.call('sock_listen', fd, 128);
}

describe('a WasmEdge server', () => {
  it('opens, binds, listens, accepts, receives, sends', () => {
    const h = harness([8080, 9090]);
    const fd = open(h);
    expect(fd).toBe(5);
    expect(bindAndListen(h, fd, 9090)).toBe(ERRNO.SUCCESS);
    const stream = h.fakes.network.connect(1);
    h.fakes.network.push(stream, 'hello');
    expect(h.call('sock_accept', fd, OUT)).toBe(ERRNO.SUCCESS);
    const client = h.u32(OUT);
    const from = address(h, new Uint8Array(4));
    expect(h.call('sock_recv_from', client, ...h.iovec(512, 3), from, 0, OUT, OUT + 4)).toBe(ERRNO.SUCCESS);
    expect(h.text(512, h.u32(OUT))).toBe('hel');
    expect(h.call('sock_recv_from', client, ...h.iovec(512, 9), from, 0, OUT + 8, OUT, OUT + 4)).toBe(ERRNO.SUCCESS);
    expect(h.text(512, h.u32(OUT))).toBe('lo');
    expect(h.call('sock_send_to', client, ...h.source('bye'), from, 1, 0, OUT)).toBe(ERRNO.SUCCESS);
    expect(h.fakes.output.records).toMatchObject([{ kind: 'send', stream, text: 'bye' }]);
    expect(h.entries.map(({ call }) => call)).toEqual([147, 149, 150, 151]);
  });

  it('replays', () => {
    const live = harness([8080, 9090]);
    const run = (h: Harness) => {
      const fd = open(h);
      bindAndListen(h, fd, 8080);
      return [h.call('sock_accept', fd, OUT), h.u32(OUT), h.call('sock_send', h.u32(OUT), ...h.source('x'), 0, OUT)];
    };
    live.fakes.network.connect(0);
    const expected = run(live);
    const config = { listeners: 2, listenerPorts: [8080, 9090] };
    const replay = new Harness({ config, log: live.entries });
    expect(run(replay)).toEqual(expected);
    expect(replay.session.digest.hex()).toBe(live.session.digest.hex());
  });
});

describe('sock_open', () => {
  it('makes stream sockets only', () => {
    const h = harness();
    expect(open(h, INET6, ANY)).toBe(5);
    expect(open(h, 0)).toBe(-ERRNO.AFNOSUPPORT);
    expect(open(h, INET4, DATAGRAM)).toBe(-ERRNO.PROTONOSUPPORT);
    expect(open(h, INET4, 3)).toBe(-ERRNO.INVAL);
    expect(h.call('sock_open', INET4, STREAM, -1)).toBe(ERRNO.FAULT);
    h.call('fd_fdstat_get', 5, OUT);
    expect(h.bytes[OUT]).toBe(FILETYPE.SOCKET_STREAM);
    expect(h.call('fd_close', 5)).toBe(ERRNO.SUCCESS);
  });
});

describe('sock_bind and sock_listen', () => {
  it('take the listener of the port, once', () => {
    const h = harness([8080, 9090]);
    expect(bindAndListen(h, open(h), 1234)).toBe(ERRNO.ADDRNOTAVAIL);
    expect(bindAndListen(h, open(h), 8080)).toBe(ERRNO.SUCCESS);
    expect(bindAndListen(h, open(h), 8080)).toBe(ERRNO.ADDRINUSE);
  });

  it('take listeners in order when their ports are not known', () => {
    const h = harness();
    const results = [1, 2, 3].map((port) => bindAndListen(h, open(h), port));
    expect(results).toEqual([ERRNO.SUCCESS, ERRNO.SUCCESS, ERRNO.ADDRNOTAVAIL]);
  });

  it('refuse what makes no sense', () => {
    const h = harness();
    const fd = open(h);
    const local = address(h, Uint8Array.of(0, 0, 0, 0));
    expect(h.call('sock_listen', fd, 1)).toBe(ERRNO.INVAL);
    expect(h.call('sock_accept', fd, OUT)).toBe(ERRNO.INVAL);
    expect(h.call('sock_recv', fd, ...h.iovec(512, 3), 0, OUT, OUT + 4)).toBe(ERRNO.NOTCONN);
    expect(h.call('sock_bind', fd, local, 65536)).toBe(ERRNO.INVAL);
    expect(h.call('sock_bind', fd, address(h, Uint8Array.of(1, 2)), 80)).toBe(ERRNO.INVAL);
    expect(h.call('sock_bind', fd, -4, 80)).toBe(ERRNO.FAULT);
    expect(h.call('sock_bind', 1, local, 80)).toBe(ERRNO.NOTSOCK);
    expect(h.call('sock_bind', 99, local, 80)).toBe(ERRNO.BADF);
    expect(h.call('sock_bind', fd, local, 80)).toBe(ERRNO.SUCCESS);
    expect(h.call('sock_bind', fd, local, 80)).toBe(ERRNO.INVAL);
  });
});

describe('addresses', () => {
  it('are what was bound, in both forms', () => {
    const h = harness();
    const fd = open(h);
    const tagged = new Uint8Array(128);
    tagged.set([INET4, 0, 10, 0, 0, 7]);
    const buffer = address(h, tagged);
    expect(h.call('sock_bind', fd, buffer, 80)).toBe(ERRNO.SUCCESS);
    const plain = address(h, new Uint8Array(4));
    expect(h.call('sock_getlocaladdr', fd, plain, OUT, OUT + 4)).toBe(ERRNO.SUCCESS);
    expect([h.u32(h.u32(plain)), h.u32(OUT), h.u32(OUT + 4)]).toEqual([0x0700000a, 4, 80]);
    h.bytes.fill(0, h.u32(buffer), h.u32(buffer) + 128);
    expect(h.call('sock_getlocaladdr', fd, buffer, OUT, OUT + 4)).toBe(ERRNO.SUCCESS);
    expect([...h.bytes.subarray(h.u32(buffer), h.u32(buffer) + 6)]).toEqual([INET4, 0, 10, 0, 0, 7]);
    expect(h.call('sock_getpeeraddr', fd, plain, OUT, OUT + 4)).toBe(ERRNO.NOTCONN);
    expect(h.call('sock_getlocaladdr', 1, plain, OUT, OUT + 4)).toBe(ERRNO.NOTSOCK);
  });

  it('of peers are the same on every replica', () => {
    const h = harness();
    h.fakes.network.connect(0);
    h.call('sock_accept', 3, OUT);
    const buffer = address(h, Uint8Array.of(9, 9, 9, 9));
    expect(h.call('sock_getpeeraddr', h.u32(OUT), buffer, OUT, OUT + 4)).toBe(ERRNO.SUCCESS);
    expect([h.u32(h.u32(buffer)), h.u32(OUT), h.u32(OUT + 4)]).toEqual([0, 4, 0]);
  });
});

describe('socket options', () => {
  it('are read, and written where that changes nothing', () => {
    const h = harness();
    const get = (fd: number, name: number) => {
      h.view.setUint32(OUT, 4, true);
      return [h.call('sock_getsockopt', fd, 0, name, OUT + 8, OUT), h.u32(OUT + 8)];
    };
    expect(get(3, 1)).toEqual([0, STREAM]);
    expect(get(3, 13)).toEqual([0, 1]);
    expect(get(3, 2)).toEqual([0, 0]);
    expect(get(3, 15)[0]).toBe(ERRNO.NOPROTOOPT);
    expect(get(1, 1)[0]).toBe(ERRNO.NOTSOCK);
    h.view.setUint32(OUT, 1, true);
    const set = (name: number) => h.call('sock_setsockopt', 3, 0, name, OUT, 4);
    expect([set(0), set(7), set(11), set(14), set(99)]).toEqual([
      ERRNO.SUCCESS,
      ERRNO.SUCCESS,
      ERRNO.NOTSUP,
      ERRNO.NOTSUP,
      ERRNO.NOPROTOOPT,
    ]);
  });
});
