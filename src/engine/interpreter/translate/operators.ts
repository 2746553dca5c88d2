/** Operators that map to one IR instruction: arithmetic, comparisons, conversions, memory accesses, lanes. */
import { lebU32At, skipLeb } from '../../../wasm/instructions.js';
import { ValType } from '../../../wasm/module.js';
import { FLAT_OPCODES } from '../../../wasm/opcode.js';
import { opcodeByName, RESULT_TYPE_OF } from '../../../wasm/opcode-lookup.js';
import { OPERATORS, type Operator } from '../generated/operators.js';
import { Kind } from './operands.js';
import type { Translation } from './translation.js';

const BY_FLAT: (Operator | undefined)[] = new Array(FLAT_OPCODES).fill(undefined);
for (const [name, operator] of Object.entries(OPERATORS)) BY_FLAT[opcodeByName(name)!.op] = operator;

/** The raw bits of a slot stay as they are: only the type changes (see the table's invariant about i32 and f32). */
const RETYPED = new Set(
  ['i32.reinterpret_f32', 'i64.reinterpret_f64', 'f32.reinterpret_i32', 'f64.reinterpret_i64', 'i64.extend_i32_u'].map(
    (name) => opcodeByName(name)!.op,
  ),
);

/** Translates flat opcode `op`; false if it is not an operator of this kind. */
export function translateOperator(t: Translation, op: number): boolean {
  const operator = BY_FLAT[op];
  if (operator === undefined) return retype(t, op);
  const type = RESULT_TYPE_OF[op]!;
  switch (operator.form) {
    case 'r':
      unary(t, operator.ir, type);
      break;
    case 'rr':
      binary(t, operator, type);
      break;
    case 'rrr':
      ternary(t, operator.ir, type);
      break;
    case 'load':
      load(t, operator.ir, type);
      break;
    case 'store':
      store(t, operator.ir, 0, readMemArg(t));
      break;
    case 'store_lane': {
      const offset = readMemArg(t);
      store(t, operator.ir, t.bytes[t.pos++]!, offset);
      break;
    }
    case 'load_lane':
      loadLane(t, operator.ir);
      break;
    case 'lane1':
      extractLane(t, operator.ir, type);
      break;
    case 'lane2':
      replaceLane(t, operator.ir);
      break;
    case 'shuffle':
      shuffle(t, operator.ir);
      break;
  }
  return true;
}

function retype(t: Translation, op: number): boolean {
  if (!RETYPED.has(op)) return false;
  t.operands.types[t.operands.height - 1] = RESULT_TYPE_OF[op]!;
  return true;
}

/** The offset of a memory access; moves behind its immediates. */
function readMemArg(t: Translation): number {
  t.pos = skipLeb(t.bytes, t.pos);
  const offset = lebU32At(t.bytes, t.pos);
  t.pos = skipLeb(t.bytes, t.pos);
  return offset;
}

/** The place of the result when the operands have been popped. */
function resultPlace(t: Translation): number {
  return t.reachable(t.operands.top);
}

function unary(t: Translation, ir: number, type: number): void {
  const a = t.place(t.operands.pop());
  const d = resultPlace(t);
  t.code.emit3(ir, d, a, 0);
  t.pushResult(type, d);
}

function binary(t: Translation, operator: Operator, type: number): void {
  const { operands } = t;
  const { ir, ri, commutes, swap } = operator;
  let second = operands.pop();
  let first = operands.pop();
  if (commutes && operands.kinds[first] === Kind.Const) [first, second] = [second, first];
  const immediate = ri === undefined ? undefined : immediateOf(t, second, operator);
  if (immediate !== undefined) {
    const a = t.place(first);
    const d = resultPlace(t);
    t.code.emit3w(ri!, d, a, 0, immediate);
    return t.pushResult(type, d);
  }
  const a = t.place(first);
  const b = t.place(second);
  const d = resultPlace(t);
  t.code.emit3(ir, d, swap ? b : a, swap ? a : b);
  t.pushResult(type, d);
}

/** The 32-bit immediate (sign-extended for i64) that entry `index` can be encoded as, if it is a constant that fits. */
function immediateOf({ operands }: Translation, index: number, { adjust }: Operator): number | undefined {
  if (operands.kinds[index] !== Kind.Const) return undefined;
  const value = operands.values[index]!;
  const is64 = operands.types[index] === ValType.I64;
  if (is64 && operands.highs[index] !== value >> 31) return undefined;
  if (adjust === undefined) return value;
  if (adjust === 'rotate') return -value & (is64 ? 63 : 31);
  if (adjust === 'negate') return is64 && value === -0x8000_0000 ? undefined : -value | 0;
  // The order `x <= k` is `x < k + 1` unless k is the greatest number: of either sign, to keep it simple.
  return value === 0x7fff_ffff || value === -1 ? undefined : (value + 1) | 0;
}

/** `eqz` and `ref.is_null`. */
export function compareToZero(t: Translation, ir: number): void {
  const a = t.place(t.operands.pop());
  const d = resultPlace(t);
  t.code.emit3w(ir, d, a, 0, 0);
  t.pushResult(ValType.I32, d);
}

function ternary(t: Translation, ir: number, type: number): void {
  const c = t.place(t.operands.pop());
  const b = t.place(t.operands.pop());
  const a = t.place(t.operands.pop());
  const d = resultPlace(t);
  emit4(t, ir, 12, [d, a, b, c]);
  t.pushResult(type, d);
}

function emit4(t: Translation, ir: number, size: number, fields: readonly number[]): number {
  const at = t.code.begin(ir, size);
  for (const [index, field] of fields.entries()) t.code.set16(at + 2 + 2 * index, field);
  return at;
}

export function select(t: Translation, ir: number): void {
  const type = t.operands.types[t.operands.height - 2]!;
  const c = t.place(t.operands.pop());
  const b = t.place(t.operands.pop());
  const a = t.place(t.operands.pop());
  const d = resultPlace(t);
  emit4(t, ir, 12, [d, a, b, c]);
  t.pushResult(type, d);
}

function load(t: Translation, ir: number, type: number): void {
  const offset = readMemArg(t);
  const a = t.place(t.operands.pop());
  const d = resultPlace(t);
  t.code.emit3w(ir, d, a, 0, offset | 0);
  t.pushResult(type, d);
}

function store(t: Translation, ir: number, lane: number, offset: number): void {
  const value = t.place(t.operands.pop());
  const a = t.place(t.operands.pop());
  t.code.emit3w(ir, a, value, lane, offset | 0);
  t.settle();
}

function loadLane(t: Translation, ir: number): void {
  const offset = readMemArg(t);
  const lane = t.bytes[t.pos++]!;
  const b = t.place(t.operands.pop());
  const a = t.place(t.operands.pop());
  const d = resultPlace(t);
  const at = emit4(t, ir, 16, [d, a, b, lane]);
  t.code.set32(at + 12, offset | 0);
  t.pushResult(ValType.V128, d);
}

function extractLane(t: Translation, ir: number, type: number): void {
  const lane = t.bytes[t.pos++]!;
  const a = t.place(t.operands.pop());
  const d = resultPlace(t);
  t.code.emit3(ir, d, a, lane);
  t.pushResult(type, d);
}

function replaceLane(t: Translation, ir: number): void {
  const lane = t.bytes[t.pos++]!;
  const b = t.place(t.operands.pop());
  const a = t.place(t.operands.pop());
  const d = resultPlace(t);
  emit4(t, ir, 12, [d, a, b, lane]);
  t.pushResult(ValType.V128, d);
}

function shuffle(t: Translation, ir: number): void {
  const b = t.place(t.operands.pop());
  const a = t.place(t.operands.pop());
  const d = resultPlace(t);
  const at = emit4(t, ir, 24, [d, a, b]);
  copy16(t, at + 8);
  t.pushResult(ValType.V128, d);
}

/** Sixteen immediate bytes into the code. */
export function copy16(t: Translation, at: number): void {
  for (let i = 0; i < 16; i += 4) {
    const { bytes, pos } = t;
    const word = bytes[pos]! | (bytes[pos + 1]! << 8) | (bytes[pos + 2]! << 16) | (bytes[pos + 3]! << 24);
    t.code.set32(at + i, word);
    t.pos += 4;
  }
}
