import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/engine/engine.js';
import type { InterpreterInstance } from '../../../src/engine/interpreter/index.js';
import { disassemble } from '../../../src/engine/interpreter/index.js';
import { interpreterEngine } from '../../support/interpreter.js';
import { assemble } from '../../support/modules.js';

describe('disassemble', () => {
  it('shows translated code: operands in slots, fused comparisons, charges on edges', async () => {
    const text = `(module (func (export "count") (param i32) (result i32) (local i32)
      (loop $again
        (local.set 1 (i32.add (local.get 1) (i32.const 3)))
        (br_if $again (i32.lt_s (local.get 1) (local.get 0))))
      (local.get 1)))`;
    const prepared = await interpreterEngine().prepare(assemble(text));
    const options = { imports: { resolve: () => undefined }, limits: DEFAULT_LIMITS, sliceFuel: 1000 };
    const instance = prepared.instantiate(options) as InterpreterInstance;
    expect(instance.call('count', [10])).toMatchObject({ values: [12] });
    // Superinstructions depend on the training; their parts do not.
    const lines = disassemble(instance.code('count')).map((line) => line.replace(/<.*> /, ''));
    expect(lines).toEqual([
      '    0 charge cost=8',
      '    4 i32_add_ri d=8 a=8 imm=3',
      '   16 br_i32_lt_s_rr a=8 b=0 costT=8 costN=1 rel=-12',
      '   32 ret_slot hdr=16 a=8',
    ]);
  });
});
