/**
 * The cold path of the entries of functions that can recurse, one function per type: no depth left is a trap, whose counter
 * is stored; else the slice is used up. With the new slice it calls the function from its beginning and returns what that
 * returns, so the entry itself is a test and a call that nothing has to survive, which keeps small functions inlinable.
 */
import type { FuncType } from '../wasm/module.js';
import { ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { type AddedFunction, Assembler } from './added-functions.js';
import { ENTRY_COST } from './costs.js';
import { Halt, type Layout } from './layout.js';
import { putLocal } from './value-bits.js';

const I32_LT_S = 0x48;
const I64_EQZ = 0x50;

/** What an entry tells the host as its site. */
export const ENTRY_SITE = -1;

export class SlowEntries {
  private readonly indexByType = new Map<number, number>();

  /** `add` gives the function for an original type, see {@link slowEntry}, its index in the rewritten module. */
  constructor(private readonly add: (typeIndex: number) => number) {}

  indexOf(typeIndex: number): number {
    let index = this.indexByType.get(typeIndex);
    if (index === undefined) {
      index = this.add(typeIndex);
      this.indexByType.set(typeIndex, index);
    }
    return index;
  }
}

/**
 * The function for an original type `P -> R`: `P ++ [i64 counter on entry, i32 depth less the units, i32 units, i32 original
 * function index] -> R ++ [i64 counter]`.
 */
export function slowEntry(layout: Layout, typeIndex: number): AddedFunction {
  const type = layout.module.types[typeIndex]!;
  const counter = type.params.length;
  const [depth, units, index] = [counter + 1, counter + 2, counter + 3];
  const asm = new Assembler(layout);
  asm.op(Op.LocalGet, counter).constant(Op.I64Const, ENTRY_COST).op(Op.I64Add).op(Op.LocalSet, counter);
  asm.op(Op.LocalGet, depth).constant(Op.I32Const, 0).op(I32_LT_S);
  asm.when(() => asm.op(Op.LocalGet, counter).globalSet('counter').halt(Halt.StackOverflow));
  asm.op(Op.LocalGet, depth).globalSet('depth');
  asm.op(Op.LocalGet, counter).op(Op.Call, layout.support.poll).op(Op.LocalTee, counter);
  if (layout.capture) asm.op(I64_EQZ).when(() => save(asm, type, index));
  else asm.op(Op.Drop);
  for (let param = 0; param < counter; param++) asm.op(Op.LocalGet, param);
  asm.op(Op.LocalGet, counter).constant(Op.I64Const, -ENTRY_COST).op(Op.I64Add);
  asm.op(Op.LocalGet, depth).op(Op.LocalGet, units).op(Op.I32Add);
  asm.op(Op.LocalGet, index).op(Op.Call, layout.support.pick).op(Op.Drop);
  // `pick` leaves the function in the only element of its table.
  asm.constant(Op.I32Const, 0).op(Op.CallIndirect, layout.types.instrumented(typeIndex), layout.pickTable);
  const { I32, I64 } = ValType;
  return asm.finish({ params: [...type.params, I64, I32, I32, I32], results: [...type.results, I64] });
}

/** At the entry only the parameters count. */
function save(asm: Assembler, { params, results }: FuncType, index: number): void {
  for (const [at, param] of params.entries()) putLocal(asm, at, param);
  asm.constant(Op.I32Const, ENTRY_SITE).op(Op.LocalGet, index).engineCall('frame');
  asm.leave(results);
}
