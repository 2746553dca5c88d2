/**
 * What the instructions of the IR mean in WebAssembly. It follows from the one opcode table: most rows are a WebAssembly
 * operator each (generated/operators.ts), with operands in slots or an immediate as the second one.
 */

import { ValType } from '../../../wasm/module.js';
import { ALIGN_LOG2_OF, opcodeByName, PARAM_TYPES_OF, RESULT_TYPE_OF } from '../../../wasm/opcode-lookup.js';
import { FIRST_COLD, FIRST_SUPEROP, Ir, SHAPES } from '../generated/ir.js';
import { type Form, FUSED_BRANCHES, OPERATORS } from '../generated/operators.js';

/** Encoding of an IR instruction: byte offset of each field; slots with the type that the row gives them. */
export interface Shape {
  readonly name: string;
  readonly size: number;
  readonly at: Readonly<Record<string, number>>;
  /** Slots that hold vectors. */
  readonly vectors: ReadonlySet<string>;
}

const numbers: Readonly<Record<string, number>> = Ir;
const shapes: Shape[] = [];
for (const [name, size, text] of SHAPES) {
  const at: Record<string, number> = {};
  const vectors = new Set<string>();
  for (const entry of text === '' ? [] : text.split(' ')) {
    const [key, offset] = entry.split('@') as [string, string];
    const [field, type] = key.split(':') as [string, string?];
    at[field] = Number(offset);
    if (type === 'v128' || type === 'address') vectors.add(field);
  }
  shapes[numbers[name]!] = { name, size, at, vectors };
}

/** @throws RangeError for superinstructions: regions are made from code without them */
export function shapeOf(op: number): Shape {
  const shape = shapes[op];
  if (shape === undefined || (op >= FIRST_SUPEROP && op < FIRST_COLD))
    throw new RangeError(`no plain IR instruction ${op}`);
  return shape;
}

/** A WebAssembly operator that an IR instruction stands for. */
export interface Semantics {
  readonly wasm: number;
  readonly name: string;
  readonly form: Form;
  /** Types of the operands, and of the result (0: none). */
  readonly params: readonly number[];
  readonly result: number;
  /** The second operand is the instruction's immediate. */
  readonly immediate: boolean;
  /** A NaN result, or lane, is made canonical. */
  readonly canon: boolean;
}

const byIr = new Map<number, Semantics>();
for (const [name, operator] of Object.entries(OPERATORS)) {
  if (operator.swap !== true) add(operator.ir, name, operator.form, operator.canon === true, false);
  if (operator.ri !== undefined && operator.adjust === undefined) add(operator.ri, name, operator.form, false, true);
}

/** Several operators can share a row: the first one will do, since slots are untyped. */
function add(ir: number, name: string, form: Form, canon: boolean, immediate: boolean): void {
  if (byIr.has(ir)) return;
  const wasm = opcodeByName(name)!.op;
  const params = [...PARAM_TYPES_OF.subarray(wasm * 3, wasm * 3 + 3)].filter((type) => type !== 0);
  byIr.set(ir, { wasm, name, form, params, result: RESULT_TYPE_OF[wasm]!, immediate, canon });
}

/** The operator of a plain instruction, undefined for moves and control. */
export function semanticsOf(op: number): Semantics | undefined {
  return byIr.get(op);
}

/** Bytes that a memory operator reads or writes. */
export const accessBytes = (wasm: number): number => 1 << ALIGN_LOG2_OF[wasm]!;

/** The comparison that a fused branch makes, and whether it is taken when that holds. */
export const COMPARISON_OF = new Map<number, { readonly compare: Semantics; readonly holds: boolean }>();
for (const [comparison, holds, branch] of FUSED_BRANCHES)
  COMPARISON_OF.set(branch, { compare: byIr.get(comparison)!, holds });

/** Loads and stores of whole slots, whose operator depends on the type that the value is kept in. */
const raw = (names: Readonly<Record<number, string>>) =>
  new Map(Object.entries(names).map(([type, name]) => [Number(type), opcodeByName(name)!.op]));
export const RAW_ACCESS = new Map<number, ReadonlyMap<number, number>>([
  [Ir.load32, raw({ [ValType.I32]: 'i32.load', [ValType.I64]: 'i64.load32_u', [ValType.F32]: 'f32.load' })],
  [Ir.load64, raw({ [ValType.I64]: 'i64.load', [ValType.F64]: 'f64.load' })],
  [Ir.load8_u, raw({ [ValType.I32]: 'i32.load8_u', [ValType.I64]: 'i64.load8_u' })],
  [Ir.load16_u, raw({ [ValType.I32]: 'i32.load16_u', [ValType.I64]: 'i64.load16_u' })],
  [Ir.store32, raw({ [ValType.I32]: 'i32.store', [ValType.I64]: 'i64.store32', [ValType.F32]: 'f32.store' })],
  [Ir.store64, raw({ [ValType.I64]: 'i64.store', [ValType.F64]: 'f64.store' })],
  [Ir.store8, raw({ [ValType.I32]: 'i32.store8', [ValType.I64]: 'i64.store8' })],
  [Ir.store16, raw({ [ValType.I32]: 'i32.store16', [ValType.I64]: 'i64.store16' })],
]);
