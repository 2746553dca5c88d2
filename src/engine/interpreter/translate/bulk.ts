/** Table operators, bulk operators and references. */
import { lebU32At, skipLeb } from '../../../wasm/instructions.js';
import { ValType } from '../../../wasm/module.js';
import { Ir } from '../generated/ir.js';
import type { Translation } from './translation.js';

function immediate(t: Translation): number {
  const value = lebU32At(t.bytes, t.pos);
  t.pos = skipLeb(t.bytes, t.pos);
  return value;
}

function table(t: Translation): number {
  return t.env.tables[immediate(t)]!;
}

/** Places of the top three operands, deepest first. */
function pop3(t: Translation): [number, number, number] {
  const c = t.place(t.operands.pop());
  const b = t.place(t.operands.pop());
  const a = t.place(t.operands.pop());
  return [a, b, c];
}

export function tableGet(t: Translation, elementType: number): void {
  const record = table(t);
  const a = t.place(t.operands.pop());
  const d = t.reachable(t.operands.top);
  t.code.emit3w(Ir.table_get, d, a, 0, record);
  t.pushResult(elementType, d);
}

export function tableSet(t: Translation): void {
  const record = table(t);
  const value = t.place(t.operands.pop());
  const index = t.place(t.operands.pop());
  t.code.emit3w(Ir.table_set, index, value, 0, record);
  t.settle();
}

export function tableSize(t: Translation): void {
  const record = table(t);
  const d = t.reachable(t.operands.top);
  t.code.emit1w(Ir.table_size, d, record);
  t.pushResult(ValType.I32, d);
}

export function tableGrow(t: Translation): void {
  const record = table(t);
  const count = t.place(t.operands.pop());
  const value = t.place(t.operands.pop());
  const d = t.reachable(t.operands.top);
  t.code.emit3w(Ir.table_grow, d, value, count, record);
  t.operands.push(ValType.I32);
  t.bindHere();
}

export function tableFill(t: Translation): void {
  const record = table(t);
  const [a, b, c] = pop3(t);
  t.code.emit3w(Ir.table_fill, a, b, c, record);
  t.settle();
}

export function tableCopy(t: Translation): void {
  const to = table(t);
  const from = table(t);
  emit3ww(t, Ir.table_copy, pop3(t), to, from);
}

export function tableInit(t: Translation): void {
  const segment = immediate(t) + t.env.firstElement;
  const record = table(t);
  emit3ww(t, Ir.table_init, pop3(t), record, segment);
}

function emit3ww(t: Translation, op: number, [a, b, c]: [number, number, number], x: number, y: number): void {
  const at = t.code.emit3w(op, a, b, c, x);
  t.code.pos = at + 16;
  t.code.set32(at + 12, y);
  t.settle();
}

function segmentDrop(t: Translation, op: number, segment: number): void {
  t.code.emit1w(op, 0, segment);
  t.settle();
}

export function elemDrop(t: Translation): void {
  segmentDrop(t, Ir.elem_drop, immediate(t) + t.env.firstElement);
}

export function dataDrop(t: Translation): void {
  segmentDrop(t, Ir.data_drop, immediate(t) + t.env.firstData);
}

export function memorySize(t: Translation): void {
  immediate(t);
  const d = t.reachable(t.operands.top);
  t.code.set16(t.code.begin(Ir.memory_size, 4) + 2, d);
  t.pushResult(ValType.I32, d);
}

export function memoryGrow(t: Translation): void {
  immediate(t);
  const a = t.place(t.operands.pop());
  const d = t.reachable(t.operands.top);
  t.code.emit3(Ir.memory_grow, d, a, 0);
  t.operands.push(ValType.I32);
  t.bindHere();
}

export function memoryFill(t: Translation): void {
  immediate(t);
  const [a, b, c] = pop3(t);
  t.code.emit3(Ir.memory_fill, a, b, c);
  t.settle();
}

export function memoryCopy(t: Translation): void {
  immediate(t);
  immediate(t);
  const [a, b, c] = pop3(t);
  t.code.emit3(Ir.memory_copy, a, b, c);
  t.settle();
}

export function memoryInit(t: Translation): void {
  const segment = immediate(t) + t.env.firstData;
  immediate(t);
  const [a, b, c] = pop3(t);
  t.code.emit3w(Ir.memory_init, a, b, c, segment);
  t.settle();
}

export function refNull(t: Translation): void {
  const type = t.bytes[t.pos++]!;
  t.operands.pushConst(type, 0, 0);
}

export function refFunc(t: Translation): void {
  t.operands.pushConst(ValType.FuncRef, t.env.functionRefs[immediate(t)]!, 0);
}
