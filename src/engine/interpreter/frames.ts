/** The guest's call stack, read out of linear memory in terms of WebAssembly. */
import { opcodeAt } from '../../wasm/instructions.js';
import { opcodeName } from '../../wasm/opcode-lookup.js';
import { type Frame, NULL_REFERENCE, type TypedBits } from '../state.js';
import { isReference, type SlotBits } from './bits.js';
import type { Machine } from './machine.js';
import type { FrameShape, FrameShapes } from './shapes.js';
import { FRAME_WINDOW } from './translate/frame.js';

/** How far the caller's fp is from the callee's: a field of the call record in front of the return address. */
export const DELTA_BEFORE_RETURN = 10;

/** A stack that does not run. */
export interface StoppedStack {
  readonly pc: number;
  readonly fp: number;
  /** `pc` is behind the charge of the next instruction, which it still waits for. */
  readonly waiting: boolean;
  /** Results that a host call under way will bring to the innermost frame. */
  readonly pendingResults: number;
}

/** What is needed to read and write the frames of one instance. */
export interface FrameAccess {
  readonly machine: Machine;
  readonly shapes: FrameShapes;
  readonly bits: SlotBits;
}

/** A frame with the name of its next instruction. */
export interface GuestFrame extends Frame {
  readonly instruction: string;
}

/** The frames of a stopped run, innermost first. */
export function readFrames(access: FrameAccess, stack: StoppedStack): Frame[] {
  const { machine, shapes } = access;
  const frames: Frame[] = [];
  let { fp, pc, pendingResults, waiting } = stack;
  while (pc !== machine.halt) {
    const shape = shapes.atAddress(pc, waiting);
    frames.push(readFrame(access, shape, fp, pendingResults));
    const { u16, u32 } = machine.memory;
    pendingResults = resultsOf(machine, pc);
    pc = u32[(fp + shape.header) >> 2]!;
    fp -= u16[(pc - DELTA_BEFORE_RETURN) >> 1]!;
    waiting = false;
  }
  return frames;
}

/** Adds the names of the next instructions. */
export function named({ bytes }: { readonly bytes: Uint8Array }, frames: readonly Frame[]): GuestFrame[] {
  return frames.map((frame) => ({ ...frame, instruction: opcodeName(opcodeAt(bytes, frame.offset)) }));
}

function resultsOf({ code, functions }: Machine, pc: number): number {
  return functions.definition(code.find(pc)!.ref).type.results.length;
}

function readFrame({ bits }: FrameAccess, shape: FrameShape, fp: number, pendingResults: number): Frame {
  const { functionIndex, offset, localAt, localTypes, operandAt, operandTypes } = shape;
  const operands = operandTypes.slice(0, operandTypes.length - pendingResults);
  return {
    ...{ functionIndex, offset },
    locals: localTypes.map((type, local) => {
      const at = localAt[local]!;
      // Far locals are zeroed by the function's first instruction.
      if (shape.kind === 'entry' && at >= FRAME_WINDOW) return { type, bits: isReference(type) ? NULL_REFERENCE : 0n };
      return bits.read(fp + at, type);
    }),
    operands: operands.map((type, operand): TypedBits => bits.read(fp + operandAt[operand]!, type)),
  };
}
