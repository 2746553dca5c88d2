/** What V8 is shown of a module's functions. */
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../src/bytes/writer.js';
import { addSmallFunctions } from '../../../src/inject/small-functions.js';

const PREFIX = 7;

/** Entries of a code section with bodies of these sizes, behind some bytes that are none. */
function codeOf(sizes: readonly number[]): ByteWriter {
  const code = new ByteWriter();
  code.copy(new Uint8Array(PREFIX).fill(0xff));
  for (const size of sizes) {
    code.u32(size);
    code.copy(new Uint8Array(size));
  }
  return code;
}

describe('empty functions', () => {
  it('are added until half of all are shorter than 50 bytes', () => {
    const code = codeOf([50, 300, 49, 20_000, 50]);
    const { length } = code;
    expect(addSmallFunctions(code, PREFIX)).toBe(3);
    expect([...code.bytes.subarray(length)]).toEqual([2, 0, 0x0b, 2, 0, 0x0b, 2, 0, 0x0b]);
    expect(addSmallFunctions(code, PREFIX)).toBe(0);
  });

  it('are not added where half are short already', () => {
    const code = codeOf([49, 2, 50, 1000]);
    expect(addSmallFunctions(code, PREFIX)).toBe(0);
  });

  it('are not added to nothing', () => {
    expect(addSmallFunctions(codeOf([]), PREFIX)).toBe(0);
  });
});
