/** The client side of WasmEdge's sockets, on a dialer that answers when told. */
import { describe, expect, it } from 'vitest';
import { memoryServices } from '../../../src/host/memory.js';
import type { DialError, HostDialer } from '../../../src/host/services.js';
import { ERRNO } from '../../../src/wasi/abi.js';
import { Harness } from './harness.js';

const OUT = 64;
const INET4 = 1;
const STREAM = 2;

type Answer = number | readonly (readonly number[])[] | DialError;

class FakeDialer implements HostDialer {
  readonly asked: unknown[] = [];
  answer: Answer | undefined;

  connect(octets: readonly number[], port: number): number {
    return this.asked.push([...octets, port]);
  }

  resolve(name: string): number {
    return this.asked.push(name);
  }

  connected(): number | DialError | undefined {
    return this.answer as number | DialError | undefined;
  }

  resolved(): readonly (readonly number[])[] | DialError | undefined {
    return this.answer as readonly (readonly number[])[] | DialError | undefined;
  }
}

function guest(log?: Harness['entries']) {
  const dialer = new FakeDialer();
  const services = { ...memoryServices(), dialer };
  return { dialer, services, h: new Harness({ services, ...(log === undefined ? {} : { log }) }) };
}

function open(h: Harness): number {
  expect(h.call('sock_open', INET4, STREAM, OUT)).toBe(0);
  return h.u32(OUT);
}

function connect(h: Harness, fd: number, octets = [10, 0, 0, 7], port = 6379): number {
  const [pointer, size] = h.put(Uint8Array.from(octets));
  const address = h.alloc(8);
  h.view.setUint32(address, pointer, true);
  h.view.setUint32(address + 4, size, true);
  return h.call('sock_connect', fd, address, port);
}

describe('sock_connect', () => {
  it('waits for the output rule, then for the answer, and gives a stream', () => {
    const { h, dialer, services } = guest();
    const fd = open(h);
    const stream = services.network.connect();
    services.network.push(stream, 'hello');
    services.waiter.steps.push(() => {
      dialer.answer = stream;
    });
    expect(connect(h, fd)).toBe(0);
    expect(dialer.asked).toEqual([[10, 0, 0, 7, 6379]]);
    expect(services.barrier.events).toEqual([0]);
    expect(h.call('sock_send', fd, ...h.source('ping'), 0, OUT)).toBe(0);
    expect(services.output.records).toMatchObject([{ kind: 'send', stream, text: 'ping' }]);
    expect(h.call('sock_recv', fd, ...h.iovec(512, 9), 0, OUT, OUT + 4)).toBe(0);
    expect(h.text(512, h.u32(OUT))).toBe('hello');
    expect(connect(h, fd)).toBe(ERRNO.ISCONN);
  });

  it('knows its peer', () => {
    const { h, dialer, services } = guest();
    const fd = open(h);
    dialer.answer = services.network.connect();
    connect(h, fd);
    const address = h.alloc(8);
    const [buffer] = h.put(new Uint8Array(4));
    h.view.setUint32(address, buffer, true);
    h.view.setUint32(address + 4, 4, true);
    expect(h.call('sock_getpeeraddr', fd, address, OUT, OUT + 4)).toBe(0);
    expect([...h.bytes.subarray(buffer, buffer + 4), h.u32(OUT), h.u32(OUT + 4)]).toEqual([10, 0, 0, 7, 4, 6379]);
  });

  it.each([
    ['ECONNREFUSED', ERRNO.CONNREFUSED],
    ['ETIMEDOUT', ERRNO.TIMEDOUT],
    ['EWHATEVER', ERRNO.IO],
    ['ERR_SOMETHING', ERRNO.IO],
  ])('fails with what %s is', (error, errno) => {
    const { h, dialer } = guest();
    dialer.answer = { error };
    const fd = open(h);
    expect(connect(h, fd)).toBe(errno);
    expect(h.call('sock_send', fd, ...h.source('x'), 0, OUT)).toBe(ERRNO.NOTCONN);
  });

  it('is forbidden where there is no dialer', () => {
    const h = new Harness();
    expect(connect(h, open(h))).toBe(ERRNO.ACCES);
  });

  it('refuses what is no socket, no port, no address', () => {
    const { h } = guest();
    expect(connect(h, 0)).toBe(ERRNO.NOTSOCK);
    expect(connect(h, 3)).toBe(ERRNO.INVAL);
    const fd = open(h);
    expect(connect(h, fd, [1, 2, 3, 4], 65536)).toBe(ERRNO.INVAL);
    expect(connect(h, fd, [1, 2, 3])).toBe(ERRNO.INVAL);
  });

  it('is not repeated by a replay; the connection does not outlive its replica', () => {
    const first = guest();
    first.dialer.answer = 77;
    connect(first.h, open(first.h));
    const next = guest(first.h.entries);
    const fd = open(next.h);
    expect(connect(next.h, fd)).toBe(0);
    expect(next.dialer.asked).toEqual([]);
    expect(next.h.call('sock_recv', fd, ...next.h.iovec(512, 9), 0, OUT, OUT + 4)).toBe(ERRNO.CONNRESET);
  });
});

describe('sock_getaddrinfo', () => {
  /** A list as guests lay it out: elements, sockaddrs, buffers; returns the address of the pointer to it. */
  function list(h: Harness, count: number) {
    const buffers: number[] = [];
    let next = 0;
    for (let index = 0; index < count; index++) {
      const [info, sockaddr, buffer] = [h.alloc(28), h.alloc(12), h.alloc(26)];
      h.view.setUint32(info + 12, sockaddr, true);
      h.view.setUint32(info + 24, next, true);
      h.view.setUint32(sockaddr + 8, buffer, true);
      buffers.unshift(buffer);
      next = info;
    }
    const pointer = h.alloc(4);
    h.view.setUint32(pointer, next, true);
    return { pointer, first: next, buffers };
  }

  function resolve(h: Harness, name: string, service: string, pointer: number, max = 2): number {
    return h.call('sock_getaddrinfo', ...h.put(name), ...h.put(service), h.alloc(28), pointer, max, OUT);
  }

  it('fills the list that the guest has made', () => {
    const { h, dialer } = guest();
    const inet6 = [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 1];
    dialer.answer = [[192, 0, 2, 1], inet6, [192, 0, 2, 2]];
    const { pointer, first, buffers } = list(h, 3);
    expect(resolve(h, 'example.org\0', 'https', pointer)).toBe(0);
    expect(dialer.asked).toEqual(['example.org']);
    expect(h.u32(OUT)).toBe(2);
    expect([...h.bytes.subarray(first, first + 5), h.u32(first + 8)]).toEqual([0, 0, 1, 2, 1, 14]);
    expect([...h.bytes.subarray(buffers[0]!, buffers[0]! + 6)]).toEqual([1, 187, 192, 0, 2, 1]);
    expect([...h.bytes.subarray(buffers[1]!, buffers[1]! + 18)]).toEqual([1, 187, ...inet6]);
    expect(h.bytes[buffers[2]!]).toBe(0);
  });

  it('fails for names and services that are not known', () => {
    const { h, dialer } = guest();
    dialer.answer = { error: 'ENOTFOUND' };
    const { pointer } = list(h, 1);
    expect(resolve(h, 'none.invalid', '80', pointer)).toBe(84);
    expect(resolve(h, 'example.org', 'gopherish', pointer)).toBe(85);
    expect(resolve(h, 'example.org', '70000', pointer)).toBe(85);
    expect(resolve(h, 'example.org', '80', pointer, 0)).toBe(ERRNO.INVAL);
    expect(resolve(h, 'example.org', '80', 0x7fffffff)).toBe(ERRNO.FAULT);
  });
});
