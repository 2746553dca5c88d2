/** The guest's call stack, read out of linear memory in terms of WebAssembly. */
import { opcodeAt } from '../../wasm/instructions.js';
import { ValType } from '../../wasm/module.js';
import { opcodeName } from '../../wasm/opcode-lookup.js';
import { Entry } from './generated/abi.js';
import type { Machine } from './machine.js';
import { offsetAfterCall, offsetOfStop } from './positions.js';
import type { FrameLayout } from './translate/frame.js';
import { Translator } from './translate/translate.js';

const translator = new Translator();

/** A value as its bits: an unsigned number of 32, 64 or 128 bits; references are numbers of this instance. */
export interface TypedBits {
  readonly type: ValType;
  readonly bits: bigint;
}

/** One frame, in a form that does not depend on this engine. */
export interface GuestFrame {
  readonly functionIndex: number;
  /** Module offset of the next instruction; in a caller, of the one after the call. */
  readonly offset: number;
  /** Its name. */
  readonly instruction: string;
  /** Parameters, then the other locals. */
  readonly locals: readonly TypedBits[];
  /** The operand stack, deepest first; in a caller without the arguments and results of the call. */
  readonly operands: readonly TypedBits[];
}

/** The frames of a stopped run, innermost first. `pc` is where Runner.resume stops. */
export function readFrames(machine: Machine, pc: number, fp: number): GuestFrame[] {
  const frames: GuestFrame[] = [];
  const { u16, u32 } = machine.memory;
  let calleeResults = 0;
  for (let isTop = true; pc !== machine.halt; isTop = false) {
    const range = machine.code.find(pc)!;
    const at = pc - range.entry - Entry.SIZE;
    const offset = isTop ? offsetOfStop(machine, range, at) : offsetAfterCall(machine, range, at);
    const header = fp + u16[(range.entry + Entry.HEADER) >> 1]!;
    const frame = readFrame(machine, range.ref, offset, fp, isTop ? 0 : calleeResults);
    frames.push(frame);
    calleeResults = machine.functions.definition(range.ref).type.results.length;
    pc = u32[header >> 2]!;
    fp -= u16[(pc - 10) >> 1]!;
  }
  return frames;
}

function readFrame(machine: Machine, ref: number, offset: number, fp: number, pendingResults: number): GuestFrame {
  const definition = machine.functions.definition(ref);
  if (definition.kind === 'host') throw new Error('a host function has no frame');
  const { env, index } = definition;
  const shape = operandsAt(machine, ref, offset);
  const operands = shape.types.slice(0, shape.types.length - pendingResults);
  return {
    functionIndex: index,
    offset,
    instruction: opcodeName(opcodeAt(env.module.bytes, offset)),
    locals: shape.frame.localTypes.map((type, local) => bitsAt(machine, fp + shape.frame.localAt[local]!, type)),
    operands: operands.map((type, operand) => bitsAt(machine, fp + shape.places[operand]!, type)),
  };
}

interface OperandShape {
  readonly frame: FrameLayout;
  readonly types: readonly number[];
  readonly places: readonly number[];
}

/** Types and places of the operands before the instruction at `offset`. */
function operandsAt(machine: Machine, ref: number, offset: number): OperandShape {
  const definition = machine.functions.definition(ref);
  if (definition.kind === 'host') throw new Error('a host function has no operands');
  let types: number[] = [];
  let places: number[] = [];
  const observer = (at: number) => {
    if (at !== offset) return;
    const { operands } = translator.state;
    types = operands.types.slice(0, operands.height);
    places = operands.places.slice(0, operands.height);
  };
  translator.translate(definition.env, definition.index, { stepping: true, observer });
  return { frame: translator.state.frame, types, places };
}

function bitsAt({ memory }: Machine, at: number, type: number): TypedBits {
  const { view } = memory;
  const low = view.getBigUint64(at, true);
  const bits = type === ValType.V128 ? low | (view.getBigUint64(at + 8, true) << 64n) : low;
  return { type: type as ValType, bits };
}
