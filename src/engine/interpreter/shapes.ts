/**
 * Where the values of a frame are, and where its code is, at a place in a function. Like positions.ts nothing of this is
 * kept while the guest runs: translating the function once more with an observer tells it. Answers are remembered, because
 * deep stacks and repeated captures stand in few places.
 */
import { FtWasmError, invariant } from '../../errors.js';
import { immediatesAt, opcodeAt, skipImmediates } from '../../wasm/instructions.js';
import type { ValType } from '../../wasm/module.js';
import { Op } from '../../wasm/opcode.js';
import { Entry } from './generated/abi.js';
import type { InstanceSpaces } from './instantiate.js';
import { Translator } from './translate/translate.js';

/** Its own translator: the machine's may be in use. */
const translator = new Translator();

/** Size of the `charge` in front of every instruction in stepping form. */
const CHARGE_BYTES = 4;

/** What precedes a place: the code in its fast form can be entered behind all but `inside`. */
export type PlaceKind = 'entry' | 'loop' | 'call' | 'inside';

export interface FrameShape {
  readonly functionIndex: number;
  /** Module offset of the next instruction. */
  readonly offset: number;
  readonly kind: PlaceKind;
  /** Position of the next instruction behind the Entry record, in the form that was asked for. */
  readonly position: number;
  readonly localTypes: readonly ValType[];
  /** Places from fp, as all that follow. */
  readonly localAt: readonly number[];
  readonly operandTypes: readonly ValType[];
  readonly operandAt: readonly number[];
  readonly header: number;
}

export class FrameShapes {
  private readonly byAddress = new Map<number, FrameShape>();
  private readonly byOffset = new Map<number, FrameShape>();
  private readonly stepping = new Map<number, FrameShape>();

  constructor(private readonly spaces: InstanceSpaces) {}

  /** The place of a frame that goes on at code address `pc`; `waiting`: behind the charge of its next instruction. */
  atAddress(pc: number, waiting: boolean): FrameShape {
    const key = pc * 2 + (waiting ? 1 : 0);
    let shape = this.byAddress.get(key);
    if (shape === undefined) {
      const range = this.spaces.machine.code.find(pc)!;
      const at = pc - range.entry - Entry.SIZE;
      const exact = at - CHARGE_BYTES;
      shape = waiting
        ? this.survey(this.indexOf(range.ref), range.stepping, (_, position) => position === exact, true)
        : this.survey(this.indexOf(range.ref), range.stepping, (_, position) => position >= at, false);
      invariant(shape !== undefined, `no instruction at code position ${at}`);
      this.byAddress.set(key, shape);
    }
    return shape;
  }

  /** A place by module offset, in the fast form. @throws FtWasmError FTW_SNAPSHOT if nothing there can be executed */
  at(functionIndex: number, offset: number): FrameShape {
    return this.remembered(this.byOffset, functionIndex, offset, false);
  }

  /** The same in the form in which every instruction waits for its own charge; that one can be entered anywhere. */
  atStepping(functionIndex: number, offset: number): FrameShape {
    return this.remembered(this.stepping, functionIndex, offset, true);
  }

  private remembered(known: Map<number, FrameShape>, index: number, offset: number, stepping: boolean): FrameShape {
    let shape = known.get(offset);
    if (shape === undefined) {
      if (this.isIn(index, offset)) shape = this.survey(index, stepping, (at) => at === offset, false);
      if (shape === undefined) throw noPlace(index, offset);
      known.set(offset, shape);
    }
    if (shape.functionIndex !== index) throw noPlace(index, offset);
    return shape;
  }

  /** @throws FtWasmError FTW_SNAPSHOT if the module defines no such function */
  refOf(functionIndex: number): number {
    if (this.spaces.bodyOf(functionIndex) !== undefined) return this.spaces.functionRefs[functionIndex]!;
    const message = `the snapshot has a frame of function ${functionIndex}, which the module does not define: it is of another module`;
    throw new FtWasmError('FTW_SNAPSHOT', message, { functionIndex });
  }

  private isIn(functionIndex: number, offset: number): boolean {
    const body = this.spaces.bodyOf(functionIndex);
    return body !== undefined && offset >= body.code.start && offset < body.code.end;
  }

  private indexOf(ref: number): number {
    const definition = this.spaces.machine.functions.definition(ref);
    invariant(definition.kind === 'guest', 'a host function has no frame');
    return definition.index;
  }

  /** Translates the function and describes the first (or last) instruction that `accepts` takes. */
  private survey(
    functionIndex: number,
    stepping: boolean,
    accepts: (offset: number, position: number) => boolean,
    last: boolean,
  ): FrameShape | undefined {
    const { spaces } = this;
    let found: FrameShape | undefined;
    let previous = -1;
    const observer = (offset: number, position: number) => {
      if ((last || found === undefined) && accepts(offset, position)) {
        found = this.describe(functionIndex, offset, position, previous);
      }
      previous = offset;
    };
    translator.translate(spaces, functionIndex, { stepping, observer, fuse: false });
    return found;
  }

  private describe(functionIndex: number, offset: number, position: number, previous: number): FrameShape {
    const { frame, operands } = translator.state;
    return {
      ...{ functionIndex, offset, position },
      kind: kindOf(this.spaces.module.bytes, previous, offset),
      localTypes: frame.localTypes as ValType[],
      localAt: frame.localAt,
      operandTypes: operands.types.slice(0, operands.height) as ValType[],
      operandAt: operands.places.slice(0, operands.height),
      header: frame.header,
    };
  }
}

/** `previous`: offset of the instruction before, if that can be reached; -1 at the function's start. */
function kindOf(bytes: Uint8Array, previous: number, offset: number): PlaceKind {
  if (previous < 0) return 'entry';
  const op = opcodeAt(bytes, previous);
  if (skipImmediates(bytes, op, immediatesAt(bytes, previous)) !== offset) return 'inside';
  if (op === Op.Loop) return 'loop';
  return op === Op.Call || op === Op.CallIndirect ? 'call' : 'inside';
}

function noPlace(functionIndex: number, offset: number): FtWasmError {
  const message = `a frame cannot stand at offset 0x${offset.toString(16)} of function ${functionIndex}: the snapshot is of another module`;
  return new FtWasmError('FTW_SNAPSHOT', message, { functionIndex, offset });
}
