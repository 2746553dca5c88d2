/** Calls. The arguments are on top of the stack in their places, and become the callee's parameters where they are. */
import { lebU32At, skipLeb } from '../../../wasm/instructions.js';
import type { FuncType } from '../../../wasm/module.js';
import { Entry } from '../generated/abi.js';
import { Ir } from '../generated/ir.js';
import type { Translation } from './translation.js';

export function call(t: Translation, callee: number): void {
  const { env } = t;
  const ref = env.functionRefs[callee]!;
  t.materialiseAll();
  t.meter.close();
  const entry = env.entryOf(ref);
  const op = env.isHost(ref) ? Ir.call_host : entry === 0 ? Ir.call_lazy : Ir.call;
  callRecord(t, op, env.functionTypes[callee]!, op === Ir.call ? entry : ref);
}

export function callIndirect(t: Translation): void {
  const type = indirect(t, Ir.call_indirect);
  callRecord(t, Ir.call_tail, type, 0);
}

/** The part of a call that a return reads; afterwards the results are on the stack. */
function callRecord(t: Translation, op: number, type: FuncType, target: number): void {
  const { operands } = t;
  const height = operands.height - type.params.length;
  operands.cut(height);
  const delta = t.reachable(operands.top);
  const at = t.code.emit3w(op, delta, t.frame.header, 0, target);
  operands.pushAll(type.results);
  t.meter.open(at + 6);
  t.bindHere();
}

/** The lookup in a table; everything but the index is in place afterwards. */
function indirect(t: Translation, op: number): FuncType {
  const typeIndex = lebU32At(t.bytes, t.pos);
  t.pos = skipLeb(t.bytes, t.pos);
  const table = lebU32At(t.bytes, t.pos);
  t.pos = skipLeb(t.bytes, t.pos);
  const index = t.place(t.operands.pop());
  t.materialiseAll();
  t.meter.close();
  const at = t.code.begin(op, 12);
  t.code.set16(at + 2, index);
  t.code.set32(at + 4, t.env.tables[table]!);
  t.code.set32(at + 8, t.env.typeIds[typeIndex]!);
  return t.env.module.types[typeIndex]!;
}

export function returnCall(t: Translation, callee: number): void {
  t.materialiseAll();
  t.meter.close();
  const at = t.code.begin(Ir.return_call, 8);
  t.code.set32(at + 4, t.env.functionRefs[callee]!);
  tailRecord(t, t.env.functionTypes[callee]!);
}

export function returnCallIndirect(t: Translation): void {
  tailRecord(t, indirect(t, Ir.return_call_indirect));
}

/** Where the arguments are, and this function's own entry record: the callee gets its stack units back. */
function tailRecord(t: Translation, type: FuncType): void {
  const { operands } = t;
  operands.cut(operands.height - type.params.length);
  const at = t.code.emit3w(Ir.call_tail, t.reachable(operands.top), t.frame.header, 0, -Entry.SIZE);
  t.selfReferences.push(at + 8);
  t.live = false;
}
