/** State of validating one function body, with the primitive steps of the algorithm: push, pop, frames, failure. */
import { ByteReader } from '../../bytes/reader.js';
import { DecodeError } from '../../errors.js';
import { localGroups } from '../decode/code.js';
import { isRefType } from '../decode/types.js';
import { describeInstruction } from '../disassemble.js';
import type { FuncType, ValType } from '../module.js';
import { ValType as V } from '../module.js';
import { opcodeName } from '../opcode-lookup.js';
import { typeName } from '../type-names.js';
import type { ModuleContext } from './context.js';
import { type ControlStack, FrameKind, type OperandStack, UNKNOWN } from './frames.js';

/** s33 of the block type without parameters and results. */
export const EMPTY_BLOCK = -64;

const NO_TYPES: readonly ValType[] = [];
/** Result lists of block types that are one value type, by their s33 value. */
const SINGLE_RESULTS = new Map<number, readonly ValType[]>(Object.values(V).map((type) => [type - 0x80, [type]]));

export class FunctionState {
  readonly context: ModuleContext;
  readonly functionIndex: number;
  readonly type: FuncType;
  readonly reader: ByteReader;
  readonly operands: OperandStack;
  readonly control: ControlStack;
  /** Types of parameters and locals. */
  readonly locals: Uint8Array;
  /** Flat opcode and offset of the instruction being validated. */
  op = 0;
  offset = 0;

  constructor(context: ModuleContext, definedIndex: number) {
    const { module } = context;
    const body = module.bodies[definedIndex]!;
    const typeIndex = module.functions[definedIndex]!;
    const bytes = body.code.source ?? module.bytes;
    this.context = context;
    this.functionIndex = context.importedFunctions + definedIndex;
    this.type = module.types[typeIndex]!;
    this.locals = localTypes(this.type, bytes, body.body);
    const where = `code section, function ${this.functionIndex}`;
    this.reader = new ByteReader(bytes, body.code.start, body.code.end, where);
    this.offset = body.code.start;
    this.operands = context.operands;
    this.operands.height = 0;
    this.control = context.control;
    this.control.depth = 0;
    this.control.push(FrameKind.Function, typeIndex, 0);
  }

  /** A DecodeError FTW_INVALID at the current instruction; throw it. */
  invalid(expected: string, found: string): DecodeError {
    const { functionIndex, offset } = this;
    const where = this.context.names.describeFunction(functionIndex);
    const instruction = describeInstruction(this.reader.bytes, offset);
    const message = `${where}, ${instruction}: expected ${expected}, found ${found}`;
    const details = { functionIndex, function: where, opcode: opcodeName(this.op), expected, found };
    return new DecodeError('FTW_INVALID', offset, message, details);
  }

  push(type: number): void {
    this.operands.push(type, this.offset);
  }

  pushAll(types: readonly number[]): void {
    for (let at = 0; at < types.length; at++) this.operands.push(types[at]!, this.offset);
  }

  /** Pops an operand of any type; `expected` only names what is wanted. */
  popAny(expected = 'an operand'): number {
    const { operands, control } = this;
    const frame = control.depth - 1;
    if (operands.height > control.heights[frame]!) return operands.at(--operands.height);
    if (control.unreachable[frame] === 1) return UNKNOWN;
    throw this.invalid(expected, frame === 0 ? 'an empty stack' : 'no more operands in this block');
  }

  pop(type: number): void {
    const { operands, control } = this;
    if (operands.height > control.heights[control.depth - 1]!) {
      const found = operands.at(--operands.height);
      if (found !== type && found !== UNKNOWN) throw this.invalid(typeName(type), typeName(found));
    } else this.popAny(typeName(type));
  }

  /** Pops `types`, the last one first. */
  popAll(types: readonly number[]): void {
    for (let at = types.length - 1; at >= 0; at--) {
      if (this.nothingKnown()) return;
      this.pop(types[at]!);
    }
  }

  popRef(): number {
    const type = this.popAny('a reference');
    if (type !== UNKNOWN && !isRefType(type)) throw this.invalid('a reference', typeName(type));
    return type;
  }

  /** True in unreachable code with no operands left: every further pop succeeds and says nothing. */
  private nothingKnown(): boolean {
    const frame = this.control.depth - 1;
    return this.control.unreachable[frame] === 1 && this.operands.height === this.control.heights[frame];
  }

  /** Opens a frame whose parameters were popped before. */
  pushFrame(kind: FrameKind, blockType: number, startTypes: readonly number[]): void {
    this.control.push(kind, blockType, this.operands.height);
    this.pushAll(startTypes);
  }

  /** Closes the innermost frame: its results must be on the stack and nothing else. Returns its index. */
  popFrame(): number {
    const { control, operands } = this;
    const frame = control.depth - 1;
    this.popAll(this.blockResults(control.blockTypes[frame]!));
    const left = operands.height - control.heights[frame]!;
    if (left !== 0) throw this.invalid('an empty stack at the end of the block', `${left} more operands`);
    control.depth = frame;
    return frame;
  }

  /** The rest of the innermost block cannot be reached: its operand stack becomes polymorphic. */
  markUnreachable(): void {
    const frame = this.control.depth - 1;
    this.operands.height = this.control.heights[frame]!;
    this.control.unreachable[frame] = 1;
  }

  blockParams(blockType: number): readonly ValType[] {
    return blockType < 0 ? NO_TYPES : this.context.module.types[blockType]!.params;
  }

  blockResults(blockType: number): readonly ValType[] {
    if (blockType >= 0) return this.context.module.types[blockType]!.results;
    return SINGLE_RESULTS.get(blockType) ?? NO_TYPES;
  }

  /** Reads a label and returns the index of the frame that it names. */
  readLabel(): number {
    const label = this.reader.u32('a label');
    const { depth } = this.control;
    if (label >= depth) throw this.invalid(`a label below ${depth}`, `unknown label ${label}`);
    return depth - 1 - label;
  }

  /** Types that a branch to frame `frame` carries. */
  labelTypes(frame: number): readonly ValType[] {
    const blockType = this.control.blockTypes[frame]!;
    return this.control.kinds[frame] === FrameKind.Loop ? this.blockParams(blockType) : this.blockResults(blockType);
  }

  /** Reads an index and checks that it is below `count`. `what` is the singular noun. */
  readIndex(what: string, count: number): number {
    const index = this.reader.u32(`a ${what} index`);
    if (index >= count) throw this.invalid(`a ${what} index below ${count}`, `unknown ${what} ${index}`);
    return index;
  }
}

function localTypes(type: FuncType, bytes: Uint8Array, body: { start: number; end: number }): Uint8Array {
  const groups = localGroups(bytes, body);
  let count = type.params.length;
  for (const group of groups) count += group.count;
  const locals = new Uint8Array(count);
  locals.set(type.params);
  let at = type.params.length;
  for (const group of groups) {
    locals.fill(group.type, at, at + group.count);
    at += group.count;
  }
  return locals;
}
