import { describe, expect, it } from 'vitest';
import { ERRNO } from '../../../src/wasi/abi.js';
import { Harness } from './harness.js';

const config = {
  args: ['guest', 'zwei', '€'],
  env: [
    ['B', '2'],
    ['A', 'x=y'],
  ] as const,
};

function strings(h: Harness, get: string, sizes: string): string[] {
  const counts = h.alloc(8);
  expect(h.call(sizes, counts, counts + 4)).toBe(ERRNO.SUCCESS);
  const count = h.u32(counts);
  const pointers = h.alloc(count * 4);
  const buffer = h.alloc(h.u32(counts + 4));
  expect(h.call(get, pointers, buffer)).toBe(ERRNO.SUCCESS);
  expect(h.u32(pointers)).toBe(buffer);
  const joined = h.text(buffer, h.u32(counts + 4));
  expect(joined.endsWith('\0')).toBe(true);
  return joined.slice(0, -1).split('\0');
}

describe('args', () => {
  it('come in order, as UTF-8', () => {
    expect(strings(new Harness({ config }), 'args_get', 'args_sizes_get')).toEqual(['guest', 'zwei', '€']);
  });

  it('may be none', () => {
    const h = new Harness({ config: {} });
    expect(h.call('args_sizes_get', 16, 20)).toBe(ERRNO.SUCCESS);
    expect([h.u32(16), h.u32(20)]).toEqual([0, 0]);
    expect(h.call('args_get', 16, 20)).toBe(ERRNO.SUCCESS);
  });

  it.each([
    ['args_sizes_get', -4, 16],
    ['args_sizes_get', 16, 131072 - 3],
    ['args_get', 131072 - 8, 16],
    ['args_get', 16, 131072 - 8],
    ['environ_get', 16, -1],
    ['environ_sizes_get', 131072, 16],
  ])('%s(%d, %d) outside memory is EFAULT', (name, first, second) => {
    expect(new Harness({ config }).call(name, first, second)).toBe(ERRNO.FAULT);
  });
});

describe('environ', () => {
  it('keeps the configured order', () => {
    expect(strings(new Harness({ config }), 'environ_get', 'environ_sizes_get')).toEqual(['B=2', 'A=x=y']);
  });
});

it('neither is logged', () => {
  const h = new Harness({ config });
  strings(h, 'args_get', 'args_sizes_get');
  strings(h, 'environ_get', 'environ_sizes_get');
  expect(h.entries).toEqual([]);
});
