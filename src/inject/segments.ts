/**
 * Segments under capture. Resume functions live in modules of their own, where the guest's passive segments do not exist,
 * so `memory.init` and its kin become calls of functions that do; and what was dropped is noted in globals, because no
 * host can ask.
 */
import { type FuncType, ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { type AddedFunction, Assembler, neverCalled } from './added-functions.js';
import type { Layout } from './layout.js';

const I32 = ValType.I32;
const BULK = 0xfc;
const INIT_TYPE: FuncType = { params: [I32, I32, I32], results: [] };

/** In the order of `Layout.support`: `memory.init` and `data.drop` per data segment, then the same for elements. */
export function segmentFunctions(layout: Layout): AddedFunction[] {
  const { dataCount, elements } = layout.module;
  // Without that section no instruction can name a data segment.
  const data = layout.module.data.slice(0, dataCount ?? 0);
  const tables = layout.tableTypes.length;
  const added: AddedFunction[] = [];
  const hasMemory = layout.memoryMaxima.length > 0;
  for (const [at] of data.entries()) {
    added.push(hasMemory ? initFunction(layout, Op.MemoryInit, at, 0) : neverCalled(layout, INIT_TYPE));
  }
  for (const [at] of data.entries()) {
    added.push(dropFunction(layout, Op.DataDrop, at, layout.droppedData(at)));
  }
  for (const [at, { type }] of elements.entries()) {
    for (let table = 0; table < tables; table++) {
      const fits = layout.tableTypes[table] === type;
      added.push(fits ? initFunction(layout, Op.TableInit, at, table) : neverCalled(layout, INIT_TYPE));
    }
  }
  for (const [at] of elements.entries()) {
    added.push(dropFunction(layout, Op.ElemDrop, at, layout.droppedElements(at)));
  }
  return added;
}

function initFunction(layout: Layout, op: number, segment: number, target: number): AddedFunction {
  const asm = new Assembler(layout);
  asm
    .op(Op.LocalGet, 0)
    .op(Op.LocalGet, 1)
    .op(Op.LocalGet, 2)
    .op(BULK, op & 0xff, segment, target);
  return asm.finish(INIT_TYPE);
}

function dropFunction(layout: Layout, op: number, segment: number, flag: number | undefined): AddedFunction {
  const asm = new Assembler(layout).op(BULK, op & 0xff, segment);
  if (flag !== undefined) asm.constant(Op.I32Const, 1).op(Op.GlobalSet, flag);
  return asm.finish({ params: [], results: [] });
}

/** `(new index) -> funcref`: any function of the rewritten module, without exporting them all. */
export function pickFunction(layout: Layout, segment: number, table: number): AddedFunction {
  const asm = new Assembler(layout);
  asm
    .constant(Op.I32Const, 0)
    .op(Op.LocalGet, 0)
    .constant(Op.I32Const, 1)
    .op(BULK, Op.TableInit & 0xff, segment, table);
  asm.constant(Op.I32Const, 0).op(Op.TableGet, table);
  return asm.finish({ params: [I32], results: [ValType.FuncRef] });
}
