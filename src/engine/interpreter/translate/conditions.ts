/** Conditional branches: a comparison that was just computed for one is absorbed by it. */

import { Ir } from '../generated/ir.js';
import { FUSED_BRANCHES, OPERATORS, type Operator } from '../generated/operators.js';
import type { Translation } from './translation.js';

/** A branch instruction and whether it takes the comparison's operands in the opposite order. */
interface Sense {
  readonly op: number;
  readonly swap: boolean;
}

/** A condition on its way into a branch: the IR instruction for either sense, and its operands. */
export interface Condition {
  readonly whenTrue: Sense;
  readonly whenFalse: Sense;
  /** Operand fields: one slot, two slots, or one slot and an immediate. */
  readonly shape: 'slot' | 'slots' | 'immediate';
  readonly a: number;
  readonly b: number;
}

/** By comparison: the branch if it holds, and if it does not. */
const HOLDS = new Map<number, Sense>();
const FAILS = new Map<number, Sense>();
const IMMEDIATE = new Set<number>();

/** Comparisons between slots and their negations. */
const OPPOSITES = ['eq ne', 'lt_s ge_s', 'lt_u ge_u', 'gt_s le_s', 'gt_u le_u'].map((pair) => pair.split(' '));
/** The same with an immediate; the other orders have none of their own. */
const IMMEDIATE_OPPOSITES = [
  [Ir.i32_eq_ri, Ir.i32_ne_ri],
  [Ir.i32_lt_s_ri, Ir.i32_ge_s_ri],
  [Ir.i32_lt_u_ri, Ir.i32_ge_u_ri],
  [Ir.i64_eq_ri, Ir.i64_ne_ri],
] as const;

fillTables();

function fillTables(): void {
  for (const [comparison, sense, op] of FUSED_BRANCHES) (sense ? HOLDS : FAILS).set(comparison, { op, swap: false });
  for (const type of ['i32', 'i64']) {
    for (const [x, y] of OPPOSITES) negations(OPERATORS[`${type}.${x}`]!, OPERATORS[`${type}.${y}`]!);
  }
  negations(OPERATORS['f64.eq']!, OPERATORS['f64.ne']!);
  for (const [x, y] of IMMEDIATE_OPPOSITES) {
    IMMEDIATE.add(x).add(y);
    FAILS.set(x, HOLDS.get(y)!).set(y, HOLDS.get(x)!);
  }
}

/** Two operators that are each other's negation. `gt` and `ge` are `lt` and `le` with their operands swapped. */
function negations(first: Operator, second: Operator): void {
  const swap = first.swap !== second.swap;
  FAILS.set(first.ir, { op: HOLDS.get(second.ir)!.op, swap });
  FAILS.set(second.ir, { op: HOLDS.get(first.ir)!.op, swap });
}

const PLAIN_NZ: Sense = { op: Ir.br_nz, swap: false };
const PLAIN_Z: Sense = { op: Ir.br_z, swap: false };

/** Pops the condition; takes comparisons and negations back out of the code if they were only made for it. */
export function popCondition(t: Translation): Condition {
  const index = t.operands.pop();
  const { code } = t;
  let producer = t.producerOf(index);
  let negate = false;
  while (producer >= 0 && code.get16(producer) === Ir.i32_eq_ri && code.get32(producer + 8) === 0) {
    const operand = code.get16(producer + 4);
    if (operand !== t.operands.places[index]) break;
    t.takeBack(producer, operand);
    producer = t.producerOf(index);
    negate = !negate;
  }
  const condition = (producer >= 0 ? fuse(t, producer) : undefined) ?? plain(t.place(index));
  return negate ? { ...condition, whenTrue: condition.whenFalse, whenFalse: condition.whenTrue } : condition;
}

function plain(a: number): Condition {
  return { whenTrue: PLAIN_NZ, whenFalse: PLAIN_Z, shape: 'slot', a, b: 0 };
}

function fuse(t: Translation, producer: number): Condition | undefined {
  const { code } = t;
  const op = code.get16(producer);
  const whenTrue = HOLDS.get(op);
  const whenFalse = FAILS.get(op);
  if (whenTrue === undefined || whenFalse === undefined) return undefined;
  const a = code.get16(producer + 4);
  const immediate = IMMEDIATE.has(op);
  const b = immediate ? code.get32(producer + 8) : code.get16(producer + 6);
  code.rewind(producer);
  t.settle();
  if (op === Ir.i32_eq_ri && b === 0) return { ...plain(a), whenTrue: PLAIN_Z, whenFalse: PLAIN_NZ };
  if (op === Ir.i32_ne_ri && b === 0) return plain(a);
  return { whenTrue, whenFalse, shape: immediate ? 'immediate' : 'slots', a, b };
}

/** A conditional branch in the code: the fields that are still open. */
export interface EmittedBranch {
  readonly at: number;
  readonly costTaken: number;
  readonly costNext: number;
  readonly rel: number;
}

/** Writes the branch for a condition. */
export function emitBranch(t: Translation, condition: Condition, sense: boolean): EmittedBranch {
  const { code } = t;
  const { op, swap } = sense ? condition.whenTrue : condition.whenFalse;
  const { shape, a, b } = condition;
  t.settle();
  if (shape === 'slot') {
    const at = code.emit3w(op, a, 0, 0, 0);
    return { at, costTaken: at + 4, costNext: at + 6, rel: at + 8 };
  }
  const at = code.begin(op, 16);
  code.set16(at + 2, swap ? b : a);
  if (shape === 'slots') {
    code.set16(at + 4, swap ? a : b);
    return { at, costTaken: at + 6, costNext: at + 8, rel: at + 12 };
  }
  code.set32(at + 12, b);
  return { at, costTaken: at + 4, costNext: at + 6, rel: at + 8 };
}
