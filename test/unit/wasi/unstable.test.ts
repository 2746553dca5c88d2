import { describe, expect, it } from 'vitest';
import { ERRNO, EVENTTYPE, FILETYPE } from '../../../src/wasi/abi.js';
import { CALL_TABLE } from '../../../src/wasi/table.js';
import { PREVIEW1_CALLS } from '../../../src/wasi/tables/preview1.js';
import { Harness } from './harness.js';

const OUT = 64;
const config = {
  preopens: [{ guest: '/', mode: 'private', entries: [{ path: 'a', kind: 'file', bytes: Uint8Array.of(1, 2, 3) }] }],
} as const;

function harness(): Harness {
  return new Harness({ config, module: 'wasi_unstable' });
}

function open(h: Harness): number {
  expect(h.call('path_open', 3, 0, ...h.put('a'), 0, -1n, -1n, 0, OUT)).toBe(ERRNO.SUCCESS);
  return h.u32(OUT);
}

describe('wasi_unstable', () => {
  it('has all of preview1 but sock_accept', () => {
    const own = CALL_TABLE.filter((row) => row.module === 'wasi_unstable').map((row) => row.function);
    const missing = PREVIEW1_CALLS.map((row) => row.function).filter((name) => !own.includes(name));
    expect(missing).toEqual(['sock_accept']);
  });

  it('numbers whence in its own order', () => {
    const h = harness();
    const fd = open(h);
    const seek = (offset: bigint, whence: number) => [h.call('fd_seek', fd, offset, whence, OUT), h.u64(OUT)];
    expect(seek(2n, 2)).toEqual([0, 2n]);
    expect(seek(-1n, 0)).toEqual([0, 1n]);
    expect(seek(0n, 1)).toEqual([0, 3n]);
    expect(h.call('fd_seek', fd, 0n, 3, OUT)).toBe(ERRNO.INVAL);
  });

  it('lays filestat out in 56 bytes', () => {
    const h = harness();
    const fd = open(h);
    h.bytes.fill(0xff, OUT, OUT + 60);
    expect(h.call('fd_filestat_get', fd, OUT)).toBe(ERRNO.SUCCESS);
    expect([h.bytes[OUT + 16], h.u32(OUT + 20), h.u64(OUT + 24)]).toEqual([FILETYPE.REGULAR_FILE, 1, 3n]);
    expect(h.bytes[OUT + 56]).toBe(0xff);
    expect(h.call('path_filestat_get', 3, 0, ...h.put('a'), OUT)).toBe(ERRNO.SUCCESS);
    expect(h.u64(OUT + 24)).toBe(3n);
  });

  it('reads subscriptions of 56 bytes', () => {
    const h = harness();
    const subs = h.alloc(112);
    const events = h.alloc(64);
    h.view.setBigUint64(subs, 7n, true);
    h.view.setUint32(subs + 24, 1, true);
    h.view.setBigUint64(subs + 32, 500n, true);
    h.view.setBigUint64(subs + 56, 8n, true);
    h.view.setUint32(subs + 56 + 24, 1, true);
    h.view.setBigUint64(subs + 56 + 32, 900n, true);
    h.fakes.waiter.steps.push(() => h.fakes.clock.advance(500n));
    expect(h.call('poll_oneoff', subs, events, 2, OUT)).toBe(ERRNO.SUCCESS);
    expect([h.u32(OUT), h.u64(events), h.bytes[events + 10]]).toEqual([1, 7n, EVENTTYPE.CLOCK]);
    expect(h.wasi.state.clocks.monotonicNs).toBe(500n);
  });
});
