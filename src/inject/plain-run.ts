/**
 * The hot loop: instructions that are copied as they are, and accesses to integer locals, whose index moves up by the two
 * added parameters. They are nine in ten, so this loop keeps its state in variables and writes bytes itself.
 */
import { MEMARG_HAS_MEMORY, memArgOffsetAt } from '../wasm/instructions.js';
import { FLAT_OPCODES, Imm, Op } from '../wasm/opcode.js';
import { IMMEDIATE_OF, PARAM_COUNT_OF, RESULT_TYPE_OF, SIGNATURE_VARIES } from '../wasm/opcode-lookup.js';
import { COST_OF } from './costs.js';
import type { FunctionPass } from './function-pass.js';
import { Note } from './liveness.js';
import { NAN_RULE_OF } from './nan.js';
import { ADDED_PARAMS } from './type-table.js';
import { isFloat, ValueKind } from './value-kind.js';

/** How an opcode is treated. Copy: one byte that costs 1, then nothing, an integer, or alignment and offset. */
export const Action = { Copy: 0, Local: 1, Plain: 2, Nan: 3, Special: 4 } as const;

/** Special although their types are fixed. */
const SPECIAL: readonly number[] = [
  ...[Op.MemoryGrow, Op.F32Const, Op.F64Const, Op.V128Const],
  ...[Op.MemoryInit, Op.DataDrop, Op.ElemDrop],
];
const COPIED: readonly number[] = [Imm.None, Imm.I32, Imm.I64, Imm.Memory, Imm.MemArg];

/** {@link Action} by flat opcode. */
export const ACTION_OF = Uint8Array.from({ length: FLAT_OPCODES }, (_, op) => {
  if (op === Op.LocalGet || op === Op.LocalSet || op === Op.LocalTee) return Action.Local;
  if (PARAM_COUNT_OF[op] === SIGNATURE_VARIES || SPECIAL.includes(op)) return Action.Special;
  if (NAN_RULE_OF[op] !== 0) return Action.Nan;
  return op <= 0xff && COST_OF[op] === 1 && COPIED.includes(IMMEDIATE_OF[op]!) ? Action.Copy : Action.Plain;
});

/** What follows the opcode of a copied instruction. */
const Follows = { Nothing: 0, Integer: 1, MemArg: 2 } as const;

/** By opcode, for this loop: action, then what follows, operands, result type (bits 0, 3, 5 and 8). */
const PLAIN_OF = Uint16Array.from({ length: 256 }, (_, op) => {
  const action = ACTION_OF[op]!;
  if (action !== Action.Copy) return action;
  const immediate = IMMEDIATE_OF[op]!;
  const integer = immediate === Imm.MemArg ? Follows.MemArg : Follows.Integer;
  const follows = immediate === Imm.None ? Follows.Nothing : integer;
  return action | (follows << 3) | (PARAM_COUNT_OF[op]! << 5) | (RESULT_TYPE_OF[op]! << 8);
});

/** Locals with larger indices take the slow path: their index may need one more byte than it had. */
const SHORT_LOCALS = 0x80 - ADDED_PARAMS;

/** Copies from `pass.pos` up to the first instruction that needs more. */
export function copyPlainRun(pass: FunctionPass): void {
  const { bytes, capture, code, locals } = pass;
  const types = locals.types;
  const params = locals.counter;
  const liveness = capture?.liveness;
  const notes = liveness?.notes;
  let noted = liveness === undefined ? 0 : liveness.length;
  const out = code.reserve(pass.end - pass.pos);
  let used = code.length;
  let { height, heightMax, kinds, pending, pos, types: operands } = pass;
  for (; ; pending++) {
    const op = bytes[pos]!;
    const plain = PLAIN_OF[op]!;
    let result: number;
    if (plain === Action.Local) {
      const local = bytes[pos + 1]!;
      if (local >= SHORT_LOCALS || isFloat(types[local]!)) break;
      out[used++] = op;
      out[used++] = local < params ? local : local + ADDED_PARAMS;
      pos += 2;
      if (op !== Op.LocalGet) {
        if (op === Op.LocalSet) height--;
        if (notes !== undefined) notes[noted++] = (local << 4) | Note.Set;
        continue;
      }
      result = types[local]!;
      if (notes !== undefined) notes[noted++] = (local << 4) | Note.Get;
    } else {
      if ((plain & 7) !== Action.Copy) break;
      const follows = (plain >> 3) & 3;
      pos++;
      out[used++] = op;
      if (follows !== Follows.Nothing) {
        if (follows === Follows.MemArg) {
          const offset = bytes[pos]! < MEMARG_HAS_MEMORY ? pos + 1 : memArgOffsetAt(bytes, pos);
          while (pos < offset) out[used++] = bytes[pos++]!;
        }
        let byte = bytes[pos++]!;
        out[used++] = byte;
        while (byte >= 0x80) {
          byte = bytes[pos++]!;
          out[used++] = byte;
        }
      }
      height -= (plain >> 5) & 7;
      result = plain >> 8;
      if (result === 0) continue;
    }
    if (height === operands.length) {
      pass.growStack();
      ({ kinds, types: operands } = pass);
    }
    operands[height] = result;
    kinds[height++] = ValueKind.Exact;
    if (height > heightMax) heightMax = height;
  }
  pass.height = height;
  pass.heightMax = heightMax;
  pass.pending = pending;
  pass.pos = pos;
  code.advanceTo(used);
  if (liveness !== undefined) liveness.length = noted;
}
