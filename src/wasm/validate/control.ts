/** Control instructions: blocks, branches and calls (core spec 3.3.8). */
import { isRefType } from '../decode/types.js';
import { checkLimit } from '../limits.js';
import type { FuncType } from '../module.js';
import { ValType } from '../module.js';
import { Op } from '../opcode.js';
import { funcTypeName, typeName } from '../type-names.js';
import { FrameKind, UNKNOWN } from './frames.js';
import { EMPTY_BLOCK, type FunctionState } from './function-state.js';

const VALUE_TYPE_CODES = new Set<number>(Object.values(ValType).map((type) => type - 0x80));

/** Reads a block type (core spec 5.4.1) and checks that it names a known type. */
export function readBlockType(state: FunctionState): number {
  const { reader, context } = state;
  const at = reader.pos;
  const blockType = reader.s33('a block type');
  if (blockType >= 0) {
    const count = context.module.types.length;
    if (blockType >= count) throw state.invalid(`a type index below ${count}`, `unknown type ${blockType}`);
    return blockType;
  }
  const known = blockType === EMPTY_BLOCK || VALUE_TYPE_CODES.has(blockType);
  if (!known || reader.pos !== at + 1) throw reader.error('a block type', `0x${reader.bytes[at]!.toString(16)}`, at);
  return blockType;
}

/** `block`, `loop`, `if`, `try`: pops the parameters and opens the frame with them. */
export function openBlock(state: FunctionState, kind: FrameKind): void {
  const blockType = readBlockType(state);
  if (kind === FrameKind.If) state.pop(ValType.I32);
  const params = state.blockParams(blockType);
  state.popAll(params);
  state.pushFrame(kind, blockType, params);
}

export function checkElse(state: FunctionState): void {
  const { control } = state;
  if (control.kinds[control.depth - 1] !== FrameKind.If) {
    throw state.reader.error('`else` only in an `if` without one', 'an `else` elsewhere', state.offset);
  }
  const blockType = control.blockTypes[state.popFrame()]!;
  state.pushFrame(FrameKind.Else, blockType, state.blockParams(blockType));
}

export function checkEnd(state: FunctionState): void {
  const { control } = state;
  const frame = state.popFrame();
  const blockType = control.blockTypes[frame]!;
  const results = state.blockResults(blockType);
  if (control.kinds[frame] === FrameKind.If) checkNoElse(state, blockType);
  if (frame > 0) state.pushAll(results);
}

/** An `if` without `else` passes its parameters on as its results. */
function checkNoElse(state: FunctionState, blockType: number): void {
  const params = state.blockParams(blockType);
  const results = state.blockResults(blockType);
  if (params.length === results.length && params.every((type, at) => type === results[at])) return;
  throw state.invalid('an `if` without `else` to have equal parameters and results', funcTypeName({ params, results }));
}

export function checkBranch(state: FunctionState): void {
  const types = state.labelTypes(state.readLabel());
  if (state.op === Op.BrIf) {
    state.pop(ValType.I32);
    state.popAll(types);
    state.pushAll(types);
    return;
  }
  state.popAll(types);
  state.markUnreachable();
}

/**
 * All labels must carry the same number of values, of types that the operands have. Labels that carry the very same
 * type list are checked once: a table may name 65,520 labels of 1,000 values each.
 */
export function checkBranchTable(state: FunctionState): void {
  const { reader } = state;
  const countOffset = reader.pos;
  const count = reader.count('labels');
  checkLimit('brTableLabels', count, 'labels of a br_table', countOffset);
  state.pop(ValType.I32);
  const seen = new Set<readonly ValType[]>();
  let arity = -1;
  for (let at = 0; at <= count; at++) {
    const types = state.labelTypes(state.readLabel());
    if (arity >= 0 && types.length !== arity) {
      throw state.invalid(`labels that carry ${arity} values`, `a label that carries ${types.length}`);
    }
    arity = types.length;
    if (arity === 0 || seen.has(types)) continue;
    seen.add(types);
    checkOperands(state, types);
  }
  state.markUnreachable();
}

/** The topmost operands have these types; they stay, with what is known about them (they may be unknown). */
function checkOperands(state: FunctionState, types: readonly ValType[]): void {
  const { operands, control } = state;
  const frame = control.depth - 1;
  const base = control.heights[frame]!;
  for (let at = 1; at <= types.length; at++) {
    const wanted = types[types.length - at]!;
    const found = operands.height - at >= base ? operands.at(operands.height - at) : UNKNOWN;
    if (found === UNKNOWN && (operands.height - at >= base || control.unreachable[frame] === 1)) continue;
    if (found !== wanted)
      throw state.invalid(typeName(wanted), found === UNKNOWN ? 'no more operands' : typeName(found));
  }
}

export function checkReturn(state: FunctionState): void {
  state.popAll(state.type.results);
  state.markUnreachable();
}

export function checkCall(state: FunctionState): void {
  const { context, op } = state;
  const index = state.readIndex('function', context.functions.length);
  const type = context.module.types[context.functions[index]!]!;
  applyCall(state, type, op === Op.ReturnCall);
}

export function checkCallIndirect(state: FunctionState): void {
  const { context, op } = state;
  const type = context.module.types[state.readIndex('type', context.module.types.length)]!;
  const { element } = context.tables[state.readIndex('table', context.tables.length)]!;
  if (element !== ValType.FuncRef) throw state.invalid('a table of funcref', `a table of ${typeName(element)}`);
  state.pop(ValType.I32);
  applyCall(state, type, op === Op.ReturnCallIndirect);
}

/** A tail call's results must be those of the calling function (tail-call proposal). */
function applyCall(state: FunctionState, type: FuncType, isTail: boolean): void {
  state.popAll(type.params);
  if (!isTail) {
    state.pushAll(type.results);
    return;
  }
  const { results } = state.type;
  const same = results.length === type.results.length && results.every((result, at) => result === type.results[at]);
  if (!same) throw state.invalid(`a callee with the results of ${funcTypeName(state.type)}`, funcTypeName(type));
  state.markUnreachable();
}

/** `select`: without a type only for numbers and vectors; with one, exactly one type. */
export function checkSelect(state: FunctionState): void {
  state.pop(ValType.I32);
  const second = state.popAny();
  const first = state.popAny();
  for (const type of [first, second]) {
    if (isRefType(type)) throw state.invalid('a number or vector (references need a typed select)', typeName(type));
  }
  if (first !== second && first !== UNKNOWN && second !== UNKNOWN) {
    throw state.invalid(typeName(first), typeName(second));
  }
  state.push(first === UNKNOWN ? second : first);
}
