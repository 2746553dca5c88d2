import { describe, expect, it } from 'vitest';
import { recursionOf } from '../../../src/inject/index.js';
import { Recursion } from '../../../src/inject/recursion.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { functionTypeIndices } from '../../../src/wasm/spaces.js';
import { assemble } from '../../support/wat.js';

async function recursion(fields: string): Promise<number[]> {
  const module = decodeModule(await assemble('call-graph', `(module ${fields})`));
  return [...recursionOf(module, functionTypeIndices(module))];
}

describe('recursionOf', () => {
  it('finds nothing in a chain or a diamond', async () => {
    expect(await recursion('(func call 1 call 2) (func call 3) (func call 3) (func)')).toEqual([0, 0, 0, 0]);
  });

  it('finds a function that calls itself, which is a breaker, not its callers or callees', async () => {
    expect(await recursion('(func call 1) (func call 1 call 2) (func)')).toEqual([0, 2, 0]);
  });

  it('finds every member of a longer cycle, also through tail calls, and one of them as its breaker', async () => {
    expect(await recursion('(func call 1) (func return_call 2) (func call 0 call 3) (func)')).toEqual([2, 1, 1, 0]);
  });

  it('follows indirect calls to functions of the same type whose address is taken', async () => {
    const fields = `(type $a (func)) (type $same (func)) (type $b (func (param i32)))
      (table 4 funcref) (elem (i32.const 0) 0 2)
      (func (call_indirect (type $same) (i32.const 0)))
      (func (type $a) call 0)
      (func (type $b) (call_indirect (type $a) (i32.const 0)))
      (func (type $a) call 0)`;
    expect(await recursion(fields)).toEqual([2, 0, 0, 0]);
    expect(await recursion(`${fields} (global funcref (ref.func 3))`)).toEqual([2, 0, 0, 1]);
  });

  it('ends paths at imports and needs no stack of its own for long ones', async () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => `(func call ${at + 2})`).join(' ');
    const found = await recursion(`(import "a" "b" (func)) ${chain} (func call 0)`);
    expect(found.length).toBe(20_002);
    expect(found.every((each) => each === Recursion.None)).toBe(true);
  });
});
