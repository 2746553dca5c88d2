/** The section of branch hints: well formed, in front of the code, and about conditionals. */
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../src/bytes/reader.js';
import { BRANCH_HINT_SECTION, BranchHints } from '../../../src/inject/branch-hints.js';
import { inject } from '../../../src/inject/index.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { Op } from '../../../src/wasm/opcode.js';
import { Section } from '../../../src/wasm/sections.js';
import { assemble } from '../../support/wat.js';

interface Hint {
  readonly index: number;
  readonly place: number;
  readonly value: number;
}

function read(content: Uint8Array, start: number, end: number): Hint[] {
  const reader = new ByteReader(content, start, end);
  const hints: Hint[] = [];
  for (let functions = reader.u32(); functions > 0; functions--) {
    const index = reader.u32();
    for (let left = reader.u32(); left > 0; left--) {
      const place = reader.u32();
      expect(reader.u8()).toBe(1);
      hints.push({ index, place, value: reader.u8() });
    }
  }
  expect(reader.pos).toBe(end);
  return hints;
}

const GUEST = `(module
  (func $down (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (call $down (i32.sub (local.get 0) (i32.const 1))))
      (else (i32.const 7))))
  (func (export "run") (param f64 i32) (result i64)
    (loop (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
    (drop (call $down (i32.const 3)))
    (i64.reinterpret_f64 (f64.add (local.get 0) (local.get 0)))))`;

describe('branch hints', () => {
  it('name conditionals of the rewritten code, in ascending order', async () => {
    const { bytes } = inject(decodeModule(await assemble('hints', GUEST)));
    const module = decodeModule(bytes);
    const section = module.customs.find(({ name }) => name === BRANCH_HINT_SECTION)!;
    expect(section.after).toBeLessThan(Section.Code);
    const hints = read(bytes, section.data.start, section.data.end);
    const imported = module.imports.filter(({ desc }) => desc.kind === 'func').length;
    const opcodes = hints.map(({ index, place }) => bytes[module.bodies[index - imported]!.body.start + place]);
    // The entry's two, then the loop's header, then the NaN.
    expect(hints.map(({ index, value }) => [index - imported, value])).toEqual([
      [0, 0],
      [0, 0],
      [1, 0],
      [1, 1],
    ]);
    expect(opcodes).toEqual([Op.BrIf, Op.BrIf, Op.If, Op.If]);
    for (let at = 1; at < hints.length; at++) {
      const [before, hint] = [hints[at - 1]!, hints[at]!];
      expect(hint.index > before.index || hint.place > before.place).toBe(true);
    }
  });

  it('of a walk that is repeated replace those of the first', () => {
    const hints = new BranchHints();
    hints.begin();
    hints.add(3, true);
    hints.begin();
    hints.add(5, false);
    hints.addEntry(2, true);
    hints.finish(9, 10);
    expect([...hints.content()!]).toEqual([1, 9, 2, 2, 1, 1, 15, 1, 0]);
  });

  it('are left out where there are none', () => {
    const hints = new BranchHints();
    hints.begin();
    hints.finish(0, 1);
    expect(hints.content()).toBeUndefined();
  });
});
