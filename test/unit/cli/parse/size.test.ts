import { expect, it } from 'vitest';
import { parseSize } from '../../../../src/cli/parse/size.js';

it.each([
  ['0B', 0],
  ['4096B', 4096],
  ['64KiB', 65536],
  ['1.5MiB', 1572864],
  ['4GiB', 2 ** 32],
  ['1TiB', 2 ** 40],
])('%s is %i bytes', (text, bytes) => {
  expect(parseSize(text, '--max-memory')).toBe(bytes);
});

it.each([
  ['64', 'the unit is missing'],
  ['64MB', "'MB' is not a unit"],
  ['64mib', "'mib' is not a unit"],
  ['lots', 'it is not a size'],
  ['', 'it is not a size'],
  ['-1B', 'it is not a size'],
  ['1.5B', 'it is not a whole number of bytes'],
  ['9999999TiB', 'it is not a whole number of bytes'],
])('refuses %j', (text, reason) => {
  expect(() => parseSize(text, '--max-memory')).toThrow(
    expect.objectContaining({
      code: 'FTW_USAGE',
      message: `--max-memory '${text}': ${reason}; expected a number with B, KiB, MiB, GiB or TiB, such as 64MiB`,
    }),
  );
});
