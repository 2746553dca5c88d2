/**
 * Wrappers at the border between guest and host. An import keeps the guest's calling convention on the inside and gets
 * ONE more argument, the exact counter as a double, on the outside; an export keeps its original type.
 */
import { type FuncType, ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { type AddedFunction, Assembler } from './added-functions.js';
import type { Layout } from './layout.js';

/** The type under which the host provides an import of type `P -> R`: `P ++ [f64 counter] -> R`. */
export function hostType({ params, results }: FuncType): FuncType {
  return { params: [...params, ValType.F64], results };
}

/**
 * Wrapper of imported function `index`: stores counter and depth where the host can read and change them, calls, stops if
 * the host says so (a trap, which no handler of the guest can catch), and goes on with the counter that it finds.
 */
export function importWrapper(layout: Layout, index: number): AddedFunction {
  const typeIndex = layout.typeIndexOf[index]!;
  const type = layout.module.types[typeIndex]!;
  const counter = type.params.length;
  const asm = new Assembler(layout);
  asm.op(Op.LocalGet, counter).globalSet('counter');
  if (layout.passesDepth) asm.op(Op.LocalGet, counter + 1).globalSet('depth');
  for (let param = 0; param < counter; param++) asm.op(Op.LocalGet, param);
  asm.op(Op.LocalGet, counter).absoluteCounter().op(Op.Call, index);
  asm.stopped(() => asm.leave(type.results));
  const kept = keepResults(asm, type, counter + (layout.passesDepth ? 2 : 1));
  asm.globalGet('counter');
  return asm.finish(layout.types.types[layout.types.instrumented(typeIndex)]!, kept);
}

/** JavaScript may hand a NaN over with any bits: float results are made canonical. Answers the locals that it takes. */
function keepResults(asm: Assembler, { results }: FuncType, firstLocal: number): readonly ValType[] {
  if (!results.some((type) => type in FLOATS)) return [];
  for (let at = results.length - 1; at >= 0; at--) asm.op(Op.LocalSet, firstLocal + at);
  for (const [at, type] of results.entries()) {
    asm.op(Op.LocalGet, firstLocal + at);
    const float = FLOATS[type];
    if (float === undefined) continue;
    asm
      .bytes(float.nan)
      .op(Op.LocalGet, firstLocal + at)
      .op(Op.LocalGet, firstLocal + at)
      .op(float.equal)
      .op(Op.Select);
  }
  return results;
}

/** Per float type: its comparison, and the constant instruction of its canonical NaN. */
const FLOATS: Partial<Record<ValType, { readonly equal: number; readonly nan: readonly number[] }>> = {
  [ValType.F32]: { equal: 0x5b, nan: [Op.F32Const, 0, 0, 0xc0, 0x7f] },
  [ValType.F64]: { equal: 0x61, nan: [Op.F64Const, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f] },
};

/** Wrapper of an exported function: runs it from the stored counter and depth, and puts both back. */
export function exportWrapper(layout: Layout, index: number): AddedFunction {
  const type = layout.module.types[layout.typeIndexOf[index]!]!;
  const depth = type.params.length;
  const asm = new Assembler(layout);
  asm.globalGet('depth').op(Op.LocalSet, depth);
  for (let param = 0; param < depth; param++) asm.op(Op.LocalGet, param);
  asm.globalGet('counter');
  if (layout.passesDepth) asm.op(Op.LocalGet, depth);
  asm.op(Op.Call, layout.functionIndex(index)).globalSet('counter');
  asm.op(Op.LocalGet, depth).globalSet('depth');
  return asm.finish(type, [ValType.I32]);
}
