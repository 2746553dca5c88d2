/**
 * Canonical NaNs, made late. Under the deterministic profile every arithmetic operator answers the canonical NaN; hosts
 * answer others. Nothing is done about it until something could see the bits: memory, an integer, a global, another
 * function, a label's value. Up to there the value only carries its {@link ValueKind} through locals and operands.
 *
 * Values that were only moved (loads, parameters, results of calls) are Exact: their payload is the program's own and
 * must survive, so a place where both sorts meet makes the arithmetic one canonical first.
 */
import type { ValType } from '../wasm/module.js';
import { FLAT_OPCODES, Op } from '../wasm/opcode.js';
import { opcodeByName, PARAM_COUNT_OF, RESULT_TYPE_OF } from '../wasm/opcode-lookup.js';
import type { FunctionPass } from './function-pass.js';
import { Temporary } from './local-table.js';
import { fixNan } from './nan-fix.js';
import { NAN_RULES, NanRule } from './nan-rules.js';
import { isLoose, ValueKind } from './value-kind.js';

/** {@link NanRule} by flat opcode, 0 for operators that floats and vectors do not meet. */
export const NAN_RULE_OF = new Uint8Array(FLAT_OPCODES);
for (const [rule, names] of NAN_RULES) for (const name of names) NAN_RULE_OF[opcodeByName(name)!.op] = rule;

/** Number, unless the constant of `size` bytes is a NaN (or, as a vector, holds one in a lane of either width). */
export function constantKind(bytes: Uint8Array, at: number, size: number): ValueKind {
  const mayBeNan = (lane: number, width: 4 | 8) => {
    const exponent = ((bytes[lane + width - 1]! & 0x7f) << 8) | bytes[lane + width - 2]!;
    return width === 4 ? (exponent & 0x7f80) === 0x7f80 : (exponent & 0x7ff0) === 0x7ff0;
  };
  for (let lane = at; lane < at + size; lane += 4) if (size !== 8 && mayBeNan(lane, 4)) return ValueKind.Exact;
  for (let lane = at; lane < at + size; lane += 8) if (size !== 4 && mayBeNan(lane, 8)) return ValueKind.Exact;
  return ValueKind.Number;
}

/** Makes the bits of the top operand canonical if they are loose. */
export function cleanTop(pass: FunctionPass): void {
  const at = pass.height - 1;
  const kind = pass.kinds[at]!;
  if (!isLoose(kind)) return;
  if (kind === ValueKind.Either) pass.locals.makeExact(pass.sources[at]!);
  else fixNan(pass, pass.types[at]! as ValType, kind);
  pass.kinds[at] = ValueKind.Exact;
}

/** Cleans `count` operands that lie under the top `above` ones. */
export function cleanOperands(pass: FunctionPass, count: number, above: number): void {
  const { kinds } = pass;
  const end = pass.height - above;
  for (let at = end - count; at < end; at++) if (isLoose(kinds[at]!)) return cleanFrom(pass, at, end);
}

/** Cleans operands [lowest, end): those above the lowest are put aside, and back. */
function cleanFrom(pass: FunctionPass, lowest: number, end: number): void {
  const { locals, types } = pass;
  const top = pass.height;
  for (let at = top - 1; at >= lowest; at--) {
    pass.height = at + 1;
    if (at < end) cleanTop(pass);
    if (at > lowest) pass.op(Op.LocalSet, locals.temporary(types[at]! as ValType, Temporary.Spill + at - lowest));
  }
  for (let at = lowest + 1; at < top; at++) {
    pass.op(Op.LocalGet, locals.temporary(types[at]! as ValType, Temporary.Spill + at - lowest));
  }
  pass.height = top;
}

/** Operand kinds of a `select` become the kind of its result (left in the first operand's place). */
export function selectKinds(pass: FunctionPass): void {
  const first = pass.height - 3;
  const { kinds } = pass;
  if (kinds[first] === ValueKind.Number && kinds[first + 1] !== ValueKind.Number) {
    pass.sources[first] = pass.sources[first + 1]!;
    if (isLoose(kinds[first + 1]!)) kinds[first] = kinds[first + 1]!;
    else kinds[first] = ValueKind.Exact;
    return;
  }
  if ((kinds[first] === kinds[first + 1] && kinds[first] !== ValueKind.Either) || kinds[first + 1] === ValueKind.Number)
    return;
  cleanOperands(pass, 2, 1);
  kinds[first] = ValueKind.Exact;
}

/** The effect on the operand stack of an operator that floats or vectors meet, and what must be fixed before it. */
export function applyNanRule(pass: FunctionPass, op: number): void {
  const operands = PARAM_COUNT_OF[op]!;
  const kind = resultKind(pass, NAN_RULE_OF[op]! as NanRule, operands);
  pass.height -= operands;
  const result = RESULT_TYPE_OF[op]!;
  if (result !== 0) pass.push(result, kind);
}

function resultKind(pass: FunctionPass, rule: NanRule, operands: number): ValueKind {
  const top = pass.kinds[pass.height - 1] as ValueKind;
  switch (rule) {
    case NanRule.Arithmetic:
      return ValueKind.Nan;
    case NanRule.Number:
      cleanOperands(pass, operands, 0);
      return ValueKind.Number;
    case NanRule.Absolute:
      return isLoose(top) && top !== ValueKind.Either ? ValueKind.Nan : top;
    case NanRule.Negate:
      if (top === ValueKind.Either) cleanTop(pass);
      return negated(pass.kinds[pass.height - 1] as ValueKind);
    case NanRule.F32x4:
      return vectorArithmetic(pass, operands, ValueKind.NanF32x4, ValueKind.NanF32x4);
    case NanRule.F64x2:
      return vectorArithmetic(pass, operands, ValueKind.NanF64x2, ValueKind.NanF64x2);
    case NanRule.CompareF32x4:
      return vectorArithmetic(pass, operands, ValueKind.NanF32x4, ValueKind.Exact);
    case NanRule.CompareF64x2:
      return vectorArithmetic(pass, operands, ValueKind.NanF64x2, ValueKind.Exact);
    case NanRule.Demote:
      return vectorArithmetic(pass, operands, ValueKind.NanF64x2, ValueKind.NanF32x4);
    case NanRule.Promote:
      return vectorArithmetic(pass, operands, ValueKind.NanF32x4, ValueKind.NanF64x2);
    case NanRule.PickF32x4:
      return vectorPick(pass, operands, ValueKind.NanF32x4, ValueKind.NanF32x4);
    case NanRule.PickF64x2:
      return vectorPick(pass, operands, ValueKind.NanF64x2, ValueKind.NanF64x2);
    case NanRule.SplatF32x4:
      return vectorPick(pass, operands, ValueKind.NanF32x4, ValueKind.NanF32x4);
    case NanRule.SplatF64x2:
      return vectorPick(pass, operands, ValueKind.NanF64x2, ValueKind.NanF64x2);
    case NanRule.ExtractF32x4:
      return vectorPick(pass, operands, ValueKind.NanF32x4, ValueKind.Nan);
    case NanRule.ExtractF64x2:
      return vectorPick(pass, operands, ValueKind.NanF64x2, ValueKind.Nan);
    default:
      cleanOperands(pass, operands, 0);
      return ValueKind.Exact;
  }
}

function negated(kind: ValueKind): ValueKind {
  if (kind === ValueKind.Nan) return ValueKind.NegatedNan;
  return kind === ValueKind.NegatedNan ? ValueKind.Nan : kind;
}

/** Lanes of the operator's own shape may be loose; loose lanes of the other shape are bits like any other. */
function vectorArithmetic(pass: FunctionPass, operands: number, own: ValueKind, result: ValueKind): ValueKind {
  for (let at = pass.height - operands; at < pass.height; at++) {
    if (isLoose(pass.kinds[at]!) && pass.kinds[at] !== own) {
      cleanOperands(pass, operands, 0);
      break;
    }
  }
  return result;
}

/** Operators that hand on lanes as they are: the result is loose only if nothing in it has bits to keep. */
function vectorPick(pass: FunctionPass, operands: number, own: ValueKind, loose: ValueKind): ValueKind {
  let numbers = 0;
  let looseOnes = 0;
  for (let at = pass.height - operands; at < pass.height; at++) {
    const kind = pass.kinds[at]!;
    if (kind === ValueKind.Number) numbers++;
    else if (kind === own || kind === ValueKind.Nan) looseOnes++;
  }
  if (numbers === operands) return ValueKind.Number;
  if (numbers + looseOnes === operands) return loose;
  cleanOperands(pass, operands, 0);
  return ValueKind.Exact;
}
