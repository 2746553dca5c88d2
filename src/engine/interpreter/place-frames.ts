/** Frames of the canonical form, put onto the value stack so that the loop can run on with them. */
import { FtWasmError } from '../../errors.js';
import { ENTRY_COST } from '../../inject/costs.js';
import { type FuncType, ValType } from '../../wasm/module.js';
import type { Frame, TypedBits } from '../state.js';
import { DELTA_BEFORE_RETURN, type FrameAccess } from './frames.js';
import { Entry, State } from './generated/abi.js';
import type { Continuation } from './runner.js';
import type { FrameShape } from './shapes.js';

/** Fields of what is in front of a code address: a call record, or the `charge` of a loop header. */
const COST_BEFORE_RETURN = 6;
const COST_BEFORE_HEADER = 2;

export interface PlaceOptions {
  /** The whole budget of the call stack. */
  readonly stackUnitsMax: number;
  /** Signature of the host call that will bring results to the innermost frame. */
  readonly pending: FuncType | undefined;
  /** The innermost frame goes on in the form that can stop at every instruction. */
  readonly stepping: boolean;
}

/** @throws FtWasmError FTW_SNAPSHOT when the frames do not fit the module or the limits */
export function placeFrames(access: FrameAccess, frames: readonly Frame[], options: PlaceOptions): Continuation {
  const { machine } = access;
  let at: Continuation = { pc: machine.halt, fp: machine.stackStart, pending: 0 };
  let units = options.stackUnitsMax;
  for (const [index, frame] of frames.entries()) {
    const inner = frames[index + 1];
    const results = inner === undefined ? (options.pending?.results ?? []) : typeOf(access, inner).results;
    const shape = access.shapes.at(frame.functionIndex, frame.offset);
    check(shape, frame, results);
    const fp = index === 0 ? at.fp : at.fp + machine.memory.u16[(at.pc - DELTA_BEFORE_RETURN) >> 1]!;
    const entry = machine.entryOf(access.shapes.refOf(frame.functionIndex));
    units -= machine.memory.u32[(entry + Entry.UNITS) >> 2]!;
    checkRoom(access, fp, entry, units, options.stackUnitsMax);
    writeFrame(access, shape, frame, fp, at.pc, units);
    const isOuter = inner !== undefined || options.pending !== undefined;
    if (isOuter && shape.kind !== 'call') throw noCall(shape);
    at = isOuter || !options.stepping ? goOn(access, shape, entry, fp) : goOnStepping(access, shape, fp);
  }
  return at;
}

/** The fast form where that can be entered. */
function goOn(access: FrameAccess, shape: FrameShape, entry: number, fp: number): Continuation {
  const { u16 } = access.machine.memory;
  const pc = entry + Entry.SIZE + (shape.kind === 'entry' ? 0 : shape.position);
  switch (shape.kind) {
    case 'entry':
      return { pc, fp, pending: u16[(entry + Entry.COST) >> 1]! - ENTRY_COST };
    case 'loop':
      return { pc, fp, pending: u16[(pc - COST_BEFORE_HEADER) >> 1]! };
    case 'call':
      return { pc, fp, pending: u16[(pc - COST_BEFORE_RETURN) >> 1]! };
    case 'inside':
      return goOnStepping(access, shape, fp);
  }
}

function goOnStepping({ machine, shapes }: FrameAccess, shape: FrameShape, fp: number): Continuation {
  const { functionIndex, offset } = shape;
  const entry = machine.steppingEntryOf(shapes.refOf(functionIndex));
  return { pc: entry + Entry.SIZE + shapes.atStepping(functionIndex, offset).position, fp, pending: 0 };
}

function writeFrame(access: FrameAccess, shape: FrameShape, frame: Frame, fp: number, back: number, units: number) {
  const { bits, machine } = access;
  for (const [local, value] of frame.locals.entries()) bits.write(fp + shape.localAt[local]!, value);
  for (const [operand, value] of frame.operands.entries()) bits.write(fp + shape.operandAt[operand]!, value);
  const header = (fp + shape.header) >> 2;
  machine.memory.u32[header] = back;
  machine.memory.u32[header + 1] = units;
}

function typeOf({ machine, shapes }: FrameAccess, { functionIndex }: Frame): FuncType {
  return machine.functions.definition(shapes.refOf(functionIndex)).type;
}

function check(shape: FrameShape, frame: Frame, results: readonly ValType[]): void {
  checkTypes(shape, 'locals', shape.localTypes, typesOf(frame.locals));
  checkTypes(shape, 'operands', shape.operandTypes, [...typesOf(frame.operands), ...results]);
}

function typesOf(values: readonly TypedBits[]): ValType[] {
  return values.map(({ type }) => type);
}

function checkTypes(shape: FrameShape, what: string, expected: readonly ValType[], found: readonly ValType[]): void {
  if (expected.length === found.length && expected.every((type, at) => type === found[at])) return;
  const { functionIndex, offset } = shape;
  const message = `the ${what} of the frame at offset 0x${offset.toString(16)} are ${names(found)}, not ${names(expected)}: the snapshot is of another module`;
  throw new FtWasmError('FTW_SNAPSHOT', message, { functionIndex, offset });
}

function names(types: readonly ValType[]): string {
  const nameOf = (type: ValType) => Object.entries(ValType).find(([, each]) => each === type)?.[0] ?? String(type);
  return `[${types.map(nameOf).join(' ')}]`;
}

function checkRoom({ machine }: FrameAccess, fp: number, entry: number, unitsLeft: number, limit: number): void {
  if (unitsLeft < machine.unitsLeftMin(entry)) {
    const message = `the frames take ${limit - unitsLeft} stack units, the limit is ${limit}`;
    throw new FtWasmError('FTW_SNAPSHOT', message, { limit });
  }
  const { u32 } = machine.memory;
  if (fp + u32[(entry + Entry.FRAME_BYTES) >> 2]! <= u32[State.STACK_END >> 2]!) return;
  throw new FtWasmError('FTW_SNAPSHOT', "the frames need more than the interpreter's value stack", { limit });
}

function noCall({ functionIndex, offset }: FrameShape): FtWasmError {
  const message = `no call is in front of offset 0x${offset.toString(16)}, where a caller's frame stands: the snapshot is of another module`;
  return new FtWasmError('FTW_SNAPSHOT', message, { functionIndex, offset });
}
