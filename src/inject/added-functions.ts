/** The functions that the pass adds besides the guest's: wrappers of imports and exports, and cold or rare paths. */
import { ByteWriter } from '../bytes/writer.js';
import { type FuncType, ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import type { Growth } from './call-scan.js';
import { type EngineImportName, Halt, type InjectedGlobal, type Layout } from './layout.js';
import { EMPTY_BLOCK } from './type-table.js';
import { writeZero } from './zero.js';

const F64_CONVERT_I64_S = 0xb9;
const I64_TRUNC_F64_S = 0xb0;
const I32_EQ = 0x46;
const I32_NE = 0x47;
const I64_GT_U = 0x56;
const I64_EXTEND_I32_U = 0xad;

/** A function of the rewritten module that does not come from the guest. */
export interface AddedFunction {
  readonly type: FuncType;
  /** Types of the locals after the parameters. */
  readonly locals: readonly ValType[];
  readonly code: Uint8Array;
}

/** Writes the code of added functions; every method appends one or a few instructions. */
export class Assembler {
  readonly out = new ByteWriter(64);

  constructor(readonly layout: Layout) {}

  op(opcode: number, ...immediates: number[]): this {
    this.out.u8(opcode);
    for (const immediate of immediates) this.out.u32(immediate);
    return this;
  }

  constant(opcode: number, value: number): this {
    this.out.u8(opcode);
    this.out.s32(value);
    return this;
  }

  bytes(bytes: readonly number[]): this {
    for (const byte of bytes) this.out.u8(byte);
    return this;
  }

  engineCall(name: EngineImportName): this {
    return this.op(Op.Call, this.layout.engineImport(name));
  }

  globalGet(name: InjectedGlobal): this {
    return this.op(Op.GlobalGet, this.layout.global(name));
  }

  globalSet(name: InjectedGlobal): this {
    return this.op(Op.GlobalSet, this.layout.global(name));
  }

  /** `if (top of stack) body`. */
  when(body: () => unknown): this {
    this.constant(Op.If, EMPTY_BLOCK);
    body();
    return this.op(Op.End);
  }

  /** After a call of the host: what it said in the global `halt` is done, a capture by `leave`. */
  stopped(leave: () => unknown): this {
    return this.globalGet('halt').when(() => {
      if (!this.layout.capture) return this.op(Op.Unreachable);
      this.globalGet('halt').constant(Op.I32Const, Halt.Capture).op(I32_NE);
      this.when(() => this.op(Op.Unreachable));
      return leave();
    });
  }

  /** Leaves a function of the guest with these results, which are worth nothing, in a capture. */
  leave(results: readonly ValType[]): this {
    if (this.layout.leavesByThrowing) return this.engineCall('leave').op(Op.Unreachable);
    for (const type of results) writeZero(this.out, type);
    return this.returnNoCounter();
  }

  /** The counter that no running function returns. */
  returnNoCounter(): this {
    return this.constant(Op.I64Const, 0).op(Op.Return);
  }

  /** Traps, and says why in the global `halt`. */
  halt(reason: number): this {
    return this.constant(Op.I32Const, reason).globalSet('halt').op(Op.Unreachable);
  }

  /** The exact counter as a double, from a counter on the stack. */
  absoluteCounter(): this {
    return this.globalGet('base').op(Op.I64Add).op(F64_CONVERT_I64_S);
  }

  finish(type: FuncType, locals: readonly ValType[] = []): AddedFunction {
    this.op(Op.End);
    return { type, locals, code: this.out.finish() };
  }
}

/** Support functions in the order of `Layout.support`. Those that nothing calls have no code. */
export function supportFunctions(layout: Layout, { memory, table }: Growth): AddedFunction[] {
  return [
    pollFunction(layout),
    ...tableElements(layout, table),
    ...layout.memoryMaxima.map((max, index) => {
      const type: FuncType = { params: [ValType.I32], results: [ValType.I32] };
      return memory ? memoryGrow(layout, type, max, index) : neverCalled(layout, type);
    }),
    ...layout.tableMaxima.map((max, index) => {
      const type: FuncType = { params: [layout.tableTypes[index]!, ValType.I32], results: [ValType.I32] };
      return table ? tableGrow(layout, type, max, index) : neverCalled(layout, type);
    }),
  ];
}

/** Keeps a place in the index space. */
export function neverCalled(layout: Layout, type: FuncType): AddedFunction {
  return new Assembler(layout).op(Op.Unreachable).finish(type);
}

function memoryGrow(layout: Layout, type: FuncType, max: number, memory: number): AddedFunction {
  const size = (asm: Assembler) => asm.op(Op.MemorySize, memory).op(I64_EXTEND_I32_U);
  return growFunction(layout, type, 'memoryPagesMax', max, {
    size,
    all: size,
    grow: (asm) => asm.op(Op.LocalGet, 0).op(Op.MemoryGrow, memory),
  });
}

function tableGrow(layout: Layout, type: FuncType, max: number, table: number): AddedFunction {
  const size = (asm: Assembler) => tableSize(asm, table);
  const sum = layout.support.tableElements;
  return growFunction(layout, type, 'tableElementsMax', max, {
    size,
    all: sum === undefined ? size : (asm) => asm.op(Op.Call, sum),
    grow: (asm) => asm.op(Op.LocalGet, 0).op(Op.LocalGet, 1).op(0xfc, 15, table),
  });
}

/** The limit holds for all tables together: a module may have a hundred thousand of them. */
function tableElements(layout: Layout, grows: boolean): AddedFunction[] {
  if (layout.support.tableElements === undefined) return [];
  const type: FuncType = { params: [], results: [ValType.I64] };
  if (!grows) return [neverCalled(layout, type)];
  const asm = new Assembler(layout);
  for (const table of layout.tableTypes.keys()) {
    tableSize(asm, table);
    if (table > 0) asm.op(Op.I64Add);
  }
  return [asm.finish(type)];
}

function tableSize(asm: Assembler, table: number): Assembler {
  return asm.op(0xfc, 16, table).op(I64_EXTEND_I32_U);
}

/** `(counter) -> counter`: asks the host how far it may run and moves the base, so that the slice ends there. */
function pollFunction(layout: Layout): AddedFunction {
  const asm = new Assembler(layout);
  const counter = 0;
  const budget = 1;
  asm.op(Op.LocalGet, counter).globalSet('counter');
  asm.op(Op.LocalGet, counter).absoluteCounter().engineCall('check').op(I64_TRUNC_F64_S).op(Op.LocalSet, budget);
  asm.stopped(() => asm.returnNoCounter());
  // Both globals move together: the host may look before they are written again, after a trap.
  asm.constant(Op.I64Const, layout.sliceEnd).op(Op.LocalGet, budget).op(Op.I64Sub).globalSet('counter');
  asm.globalGet('base').op(Op.LocalGet, counter).op(Op.I64Add).globalGet('counter').op(Op.I64Sub).globalSet('base');
  asm.globalGet('counter');
  return asm.finish({ params: [ValType.I64], results: [ValType.I64] }, [ValType.I64]);
}

interface Growable {
  /** What the declared maximum bounds, as i64. */
  size(asm: Assembler): void;
  /** What the configured maximum bounds, as i64. */
  all(asm: Assembler): void;
  grow(asm: Assembler): void;
}

/**
 * `grow` that fails exactly when the size would pass the declared or the configured maximum, on every host. If the host
 * fails although the limits allow it, the replica must stop: the guest is not told (design.md section 5).
 */
function growFunction(
  layout: Layout,
  type: FuncType,
  configured: InjectedGlobal,
  declared: number,
  growable: Growable,
): AddedFunction {
  const asm = new Assembler(layout);
  const delta = type.params.length - 1;
  const result = type.params.length;
  const tooLarge = (size: Growable['size'], bound: () => void) => {
    size(asm);
    asm.op(Op.LocalGet, delta).op(I64_EXTEND_I32_U).op(Op.I64Add);
    bound();
    asm
      .op(I64_EXTEND_I32_U)
      .op(I64_GT_U)
      .when(() => asm.constant(Op.I32Const, -1).op(Op.Return));
  };
  tooLarge(growable.all, () => asm.globalGet(configured));
  tooLarge(growable.size, () => asm.constant(Op.I32Const, declared | 0));
  growable.grow(asm);
  asm
    .op(Op.LocalTee, result)
    .constant(Op.I32Const, -1)
    .op(I32_EQ)
    .when(() => asm.halt(Halt.GrowFailed));
  return asm.op(Op.LocalGet, result).finish(type, [ValType.I32]);
}
