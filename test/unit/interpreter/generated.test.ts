/** The generated sources are those of the table, and the loop stays within what V8 compiles well. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FIRST_COLD, FIRST_SUPEROP, Ir, SHAPES } from '../../../src/engine/interpreter/generated/ir.js';
import { SUPEROPS } from '../../../src/engine/interpreter/generated/superops.js';

const tool = (name: string) => fileURLToPath(new URL(`../../../tools/interp/${name}`, import.meta.url));

describe('generated sources of the interpreter', () => {
  it('are not stale', () => {
    expect(() => execFileSync(process.execPath, [tool('generate.mjs'), '--check'], { stdio: 'pipe' })).not.toThrow();
  });

  it('number hot instructions, superinstructions and cold ones densely', () => {
    const numbers = Object.values(Ir).sort((a, b) => a - b);
    const expected = [
      ...Array(FIRST_SUPEROP).keys(),
      ...SHAPES.slice(FIRST_SUPEROP).map((_, index) => FIRST_COLD + index),
    ];
    expect(numbers).toEqual(expected);
    expect(FIRST_COLD - FIRST_SUPEROP).toBe(SUPEROPS.length);
  });

  it('keep every field aligned and inside its instruction', () => {
    for (const [name, size, fields] of SHAPES) {
      expect(size % 4, name).toBe(0);
      for (const field of fields === '' ? [] : fields.split(' '))
        expect(Number(field.split('@')[1]), name).toBeLessThan(size);
    }
  });

  it('leave the hot loop to the better one of the register allocators', () => {
    const output = execFileSync(process.execPath, [tool('cliff.mjs')], { encoding: 'utf8' });
    expect(output).toMatch(/hot loop: (full|unknown)/);
  });
});
