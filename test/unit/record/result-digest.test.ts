import { describe, expect, it } from 'vitest';
import { Digest } from '../../../src/bytes/digest.js';
import type { LoggedValue } from '../../../src/log/entry.js';
import { digestResult } from '../../../src/record/result-digest.js';

function digestOf(value: LoggedValue): string {
  const digest = new Digest();
  digestResult(digest, value);
  return digest.hex();
}

describe('the digest of results', () => {
  it.each<[string, LoggedValue[]]>([
    ['numbers', [0, 1, -1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52]],
    ['bigints', [0n, 1n, -1n, 2n ** 32n, 2n ** 63n]],
    ['strings', ['', 'a', 'b', 'ab', 'ba']],
    ['lists', [[], [0], [1, 2], [2, 1], [[1], 2], [1, [2]]]],
    ['bytes', [Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(1, 2), Uint8Array.of(0, 1, 2)]],
    ['others', [null, true, false]],
  ])('differs for different %s', (_kind, values) => {
    expect(new Set(values.map(digestOf)).size).toBe(values.length);
  });
});
