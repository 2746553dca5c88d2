/** One pass over a function body, from validated WebAssembly to IR. */

import { DecodeError } from '../../../errors.js';
import { immediatesAt, lebU32At, opcodeAt, skipImmediates, skipLeb } from '../../../wasm/instructions.js';
import { ValType } from '../../../wasm/module.js';
import { Op } from '../../../wasm/opcode.js';
import { opcodeByName, opcodeName } from '../../../wasm/opcode-lookup.js';
import { Entry } from '../generated/abi.js';
import { Ir } from '../generated/ir.js';
import * as bulk from './bulk.js';
import * as calls from './calls.js';
import * as control from './control.js';
import { ByteCosts, ENTRY_COST, frameUnits, isGuarded, OVERDRAFT_MAX, Recursion } from './costs.js';
import { skipDeadCode } from './dead-code.js';
import type { ModuleEnv } from './env.js';
import { FRAME_WINDOW } from './frame.js';
import { compareToZero, select, translateOperator } from './operators.js';
import { SuperopMatcher } from './superop-matcher.js';
import { type Observer, Translation } from './translation.js';
import * as variables from './variables.js';

/** A translated function: an Entry record, then code. Addresses in it are relative until {@link place} is known. */
export interface TranslatedFunction {
  /** Entry record and code; valid until the next translation. */
  readonly bytes: Uint8Array;
  /** Positions (from the first byte) of 32-bit words that get the address of the first byte added. */
  readonly relocations: readonly number[];
  /** Code positions of loop headers and their `loop` operators' offsets in the module. */
  readonly loopHeaders: Int32Array;
}

export interface TranslateOptions {
  /** Every instruction stops for its own charge: the form in which exact stops and single steps run. */
  readonly stepping?: boolean;
  readonly observer?: Observer;
  /** Fuse instructions into superinstructions (default true). */
  readonly fuse?: boolean;
}

/** Translates functions one after the other; its buffers are reused. */
export class Translator {
  readonly state = new Translation();
  private readonly matcher = new SuperopMatcher();
  private readonly headers: number[] = [];
  private output = new Uint8Array(1 << 16);
  private leaders = new Uint8Array(1 << 14);

  /** @throws DecodeError FTW_LIMIT if the function's frame is too large to be encoded */
  translate(env: ModuleEnv, functionIndex: number, options: TranslateOptions = {}): TranslatedFunction {
    const t = this.state;
    t.begin(env, functionIndex, options.stepping === true);
    t.observer = options.observer;
    this.headers.length = 0;
    prologue(t);
    while (t.pos < t.end) {
      if (t.live) this.instruction(t);
      else skipDeadCode(t);
    }
    for (let i = 0; i < t.backEdges.length; i += 2) t.code.set16(t.backEdges[i]!, t.code.get16(t.backEdges[i + 1]!));
    if (!t.stepping && options.fuse !== false) {
      this.markLeaders(t);
      this.matcher.run(t.code, (at) => this.leaders[at >> 2] === 1, t.frame.base);
    }
    return this.finish(t);
  }

  private instruction(t: Translation): void {
    const start = t.pos;
    const op = opcodeAt(t.bytes, start);
    if (t.stepping) t.materialiseAll();
    if (t.meter.isFull) splitCharge(t);
    t.observer?.(start, t.code.pos, t);
    if (t.stepping) step(t, op);
    t.meter.count(op);
    t.pos = immediatesAt(t.bytes, start);
    translateOne(t, op, start);
    if (op === Op.Loop) this.headers.push(t.code.pos, start);
  }

  /** Where something jumps to: code positions after a `bindHere`. */
  private markLeaders(t: Translation): void {
    const needed = (t.code.pos >> 2) + 1;
    if (this.leaders.length < needed) this.leaders = new Uint8Array(needed * 2);
    else this.leaders.fill(0, 0, needed);
    for (const at of t.leaders) this.leaders[at >> 2] = 1;
  }

  private finish(t: Translation): TranslatedFunction {
    const size = Entry.SIZE + t.code.pos;
    if (this.output.length < size) this.output = new Uint8Array(size * 2);
    const bytes = this.output.subarray(0, size);
    bytes.set(t.code.bytes(), Entry.SIZE);
    this.entryRecord(t, new DataView(bytes.buffer, bytes.byteOffset, Entry.SIZE));
    const relocations = t.selfReferences.map((at) => at + Entry.SIZE);
    return { bytes, relocations, loopHeaders: Int32Array.from(this.headers) };
  }

  private entryRecord({ frame, operands, env, functionIndex, entryCost }: Translation, view: DataView): void {
    const far = frame.farBytes > 0 ? FRAME_WINDOW + frame.farBytes : 0;
    view.setUint32(Entry.FRAME_BYTES, Math.max(operands.topMax, far), true);
    const recursion = env.recursionOf(functionIndex);
    const units = frameUnits(frame.slots, operands.heightMax, frame.wide || operands.wide);
    view.setUint32(Entry.UNITS, recursion === Recursion.None ? 0 : units, true);
    view.setInt16(Entry.UNITS_LEFT, isGuarded(recursion, units) ? 0 : -OVERDRAFT_MAX, true);
    view.setUint16(Entry.PARAM_BYTES, frame.paramBytes, true);
    view.setUint16(Entry.HEADER, frame.header, true);
    view.setUint16(Entry.COST, entryCost, true);
  }
}

function prologue(t: Translation): void {
  t.meter.openEntry();
  t.meter.add(ENTRY_COST);
  if (t.frame.farBytes === 0) return;
  const at = t.code.begin(Ir.far_zero, 12);
  t.code.set32(at + 4, FRAME_WINDOW);
  t.code.set32(at + 8, t.frame.farBytes);
}

/** Stepping form: what costs something waits for its own fuel. */
function step(t: Translation, op: number): void {
  t.keepApart();
  if (ByteCosts[op] === 0) return;
  t.meter.close();
  control.charge(t);
  t.keepApart();
}

/** Very long straight code: the cost of one edge must fit into 16 bits. */
function splitCharge(t: Translation): void {
  t.materialiseAll();
  t.meter.close();
  control.charge(t);
  t.keepApart();
  t.splits.set(t.code.pos, t.pos);
}

/** A u32 immediate; moves behind it. */
function u32(t: Translation): number {
  const value = lebU32At(t.bytes, t.pos);
  t.pos = skipLeb(t.bytes, t.pos);
  return value;
}

function drop(t: Translation): void {
  t.operands.pop();
  t.settle();
}

function selectTyped(t: Translation): void {
  t.pos = skipImmediates(t.bytes, Op.SelectT, t.pos);
  selectAny(t);
}

function selectAny(t: Translation): void {
  const wide = t.operands.types[t.operands.height - 2] === ValType.V128;
  select(t, wide ? Ir.select_v128 : Ir.select);
}

function tableGet(t: Translation): void {
  bulk.tableGet(t, t.env.tableTypes[lebU32At(t.bytes, t.pos)]!);
}

const I32_EQZ = opcodeByName('i32.eqz')!.op;
const I64_EQZ = opcodeByName('i64.eqz')!.op;

const HANDLERS = new Map<number, (t: Translation) => void>([
  [Op.Unreachable, control.unreachable],
  [Op.Nop, () => {}],
  [Op.Block, control.block],
  [Op.Loop, control.loop],
  [Op.If, control.ifBlock],
  [Op.Else, control.elseArm],
  [Op.End, control.endBlock],
  [Op.Br, (t) => control.br(t, u32(t))],
  [Op.BrIf, (t) => control.brIf(t, u32(t))],
  [Op.BrTable, control.brTable],
  [Op.Return, control.returnFrom],
  [Op.Call, (t) => calls.call(t, u32(t))],
  [Op.CallIndirect, calls.callIndirect],
  [Op.ReturnCall, (t) => calls.returnCall(t, u32(t))],
  [Op.ReturnCallIndirect, calls.returnCallIndirect],
  [Op.Drop, drop],
  [Op.Select, selectAny],
  [Op.SelectT, selectTyped],
  [Op.LocalGet, (t) => variables.localGet(t, u32(t))],
  [Op.LocalSet, (t) => variables.localSet(t, u32(t))],
  [Op.LocalTee, (t) => variables.localTee(t, u32(t))],
  [Op.GlobalGet, (t) => variables.globalGet(t, u32(t))],
  [Op.GlobalSet, (t) => variables.globalSet(t, u32(t))],
  [Op.I32Const, variables.i32Const],
  [Op.I64Const, variables.i64Const],
  [Op.F32Const, (t) => variables.floatConst(t, ValType.F32)],
  [Op.F64Const, (t) => variables.floatConst(t, ValType.F64)],
  [Op.V128Const, variables.v128Const],
  [Op.TableGet, tableGet],
  [Op.TableSet, bulk.tableSet],
  [Op.TableInit, bulk.tableInit],
  [Op.ElemDrop, bulk.elemDrop],
  [Op.TableCopy, bulk.tableCopy],
  [Op.TableGrow, bulk.tableGrow],
  [Op.TableSize, bulk.tableSize],
  [Op.TableFill, bulk.tableFill],
  [Op.MemorySize, bulk.memorySize],
  [Op.MemoryGrow, bulk.memoryGrow],
  [Op.MemoryInit, bulk.memoryInit],
  [Op.DataDrop, bulk.dataDrop],
  [Op.MemoryCopy, bulk.memoryCopy],
  [Op.MemoryFill, bulk.memoryFill],
  [Op.RefNull, bulk.refNull],
  // Zero is what a null reference looks like.
  [Op.RefIsNull, (t) => compareToZero(t, Ir.i32_eq_ri)],
  [I32_EQZ, (t) => compareToZero(t, Ir.i32_eq_ri)],
  [I64_EQZ, (t) => compareToZero(t, Ir.i64_eq_ri)],
  [Op.RefFunc, bulk.refFunc],
]);
const BY_OPCODE: ((t: Translation) => void)[] = [];
for (const [op, handler] of HANDLERS) BY_OPCODE[op] = handler;

function translateOne(t: Translation, op: number, start: number): void {
  const handler = BY_OPCODE[op];
  if (handler !== undefined) return handler(t);
  if (translateOperator(t, op)) return;
  throw new DecodeError('FTW_UNSUPPORTED', start, `the interpreter has no ${opcodeName(op)}`, {
    instruction: opcodeName(op),
  });
}
