import { describe, expect, it } from 'vitest';
import { memoryServices } from '../../../src/host/memory.js';
import { ERRNO } from '../../../src/wasi/abi.js';
import { takeRandom } from '../../../src/wasi/chacha.js';
import { Harness } from './harness.js';

function random(h: Harness, length: number): number[] {
  const at = h.alloc(length);
  expect(h.call('random_get', at, length)).toBe(ERRNO.SUCCESS);
  return [...h.bytes.subarray(at, at + length)];
}

describe('seeded random', () => {
  it('is the ChaCha20 key stream of RFC 8439, section 2.3.2 layout, with a zero nonce', () => {
    const state = { seed: new Uint8Array(32), offset: 0 };
    const bytes = new Uint8Array(16);
    takeRandom(state, bytes);
    // RFC 8439, appendix A.1, test vector 1.
    expect(Buffer.from(bytes).toString('hex')).toBe('76b8e0ada0f13d90405d6ae55386bd28');
    expect(state.offset).toBe(16);
  });

  it('gives the same stream in whatever pieces it is taken', () => {
    const whole = random(new Harness(), 300);
    const h = new Harness();
    expect([1, 63, 64, 65, 7, 100].flatMap((length) => random(h, length))).toEqual(whole);
  });

  it('logs the seed once', () => {
    const h = new Harness();
    random(h, 10);
    random(h, 1000);
    expect(h.entries.map(({ result }) => (result as Uint8Array).length)).toEqual([32]);
  });

  it('replays under another host entropy, and goes on live from the seed', () => {
    const live = new Harness();
    const expected = [...random(live, 40), ...random(live, 40)];
    const replay = new Harness({ log: live.entries, services: memoryServices(1, 99) });
    expect([...random(replay, 40), ...random(replay, 40)]).toEqual(expected);
    expect(replay.wasi.state.random.offset).toBe(80);
  });
});

describe('random from the host', () => {
  it('logs every byte', () => {
    const config = { random: 'os' } as const;
    const live = new Harness({ config });
    const expected = [random(live, 5), random(live, 6)];
    expect(live.entries).toHaveLength(2);
    const replay = new Harness({ config, log: live.entries, services: memoryServices(1, 99) });
    expect([random(replay, 5), random(replay, 6)]).toEqual(expected);
  });
});

it('refuses a buffer outside memory before anything is logged', () => {
  const h = new Harness();
  expect(h.call('random_get', 131000, 100)).toBe(ERRNO.FAULT);
  expect(h.call('random_get', -1, 0xffffffff)).toBe(ERRNO.FAULT);
  expect(h.call('random_get', 0, 0)).toBe(ERRNO.SUCCESS);
  expect(h.entries).toEqual([]);
});
