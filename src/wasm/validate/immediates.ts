/** Immediates of the instructions whose operand types are fixed by the opcode (core spec 3.3.1 to 3.3.7). */
import { MEMARG_HAS_MEMORY } from '../instructions.js';
import { Imm } from '../opcode.js';
import { ALIGN_LOG2_OF, LANES_OF } from '../opcode-lookup.js';
import type { FunctionState } from './function-state.js';

/** Reads and checks the immediates of `state.op`, which are of kind `kind`. */
export function checkImmediates(state: FunctionState, kind: number): void {
  const { reader } = state;
  switch (kind) {
    case Imm.None:
      return;
    case Imm.MemArg:
      readMemArg(state);
      return;
    case Imm.I32:
      reader.s32('an i32 constant');
      return;
    case Imm.I64:
      reader.skipS64('an i64 constant');
      return;
    case Imm.F32:
      reader.skip(4, 'an f32 constant');
      return;
    case Imm.F64:
      reader.skip(8, 'an f64 constant');
      return;
    case Imm.V128:
      reader.skip(16, 'a v128 constant');
      return;
    case Imm.Lane:
      readLane(state, LANES_OF[state.op]!);
      return;
    case Imm.MemArgLane:
      readMemArg(state);
      readLane(state, LANES_OF[state.op]!);
      return;
    case Imm.Shuffle:
      for (let at = 0; at < 16; at++) readLane(state, 32);
      return;
    default:
      checkIndices(state, kind);
  }
}

function checkIndices(state: FunctionState, kind: number): void {
  const { module } = state.context;
  switch (kind) {
    case Imm.Memory:
      readMemory(state);
      return;
    case Imm.MemoryMemory:
      readMemory(state);
      readMemory(state);
      return;
    case Imm.DataMemory:
      readData(state);
      readMemory(state);
      return;
    case Imm.Data:
      readData(state);
      return;
    case Imm.Elem:
      state.readIndex('element segment', module.elements.length);
      return;
    case Imm.Table:
      state.readIndex('table', state.context.tables.length);
      return;
    default:
      throw state.invalid('an instruction with known immediates', `immediates of kind ${kind}`);
  }
}

function readMemory(state: FunctionState): void {
  state.readIndex('memory', state.context.memoryCount);
}

/** A validator in one pass must know the number of data segments before the code (core spec 5.5.16). */
function readData(state: FunctionState): void {
  const { dataCount } = state.context.module;
  if (dataCount === undefined) {
    throw state.reader.error('a data count section before an instruction that names data segments', 'none');
  }
  state.readIndex('data segment', dataCount);
}

function readMemArg(state: FunctionState): void {
  const { reader, context } = state;
  const flags = reader.u32('an alignment');
  const align = flags & ~MEMARG_HAS_MEMORY;
  const natural = ALIGN_LOG2_OF[state.op]!;
  if (align > natural || flags > 0x7f) {
    if (align >= 32) throw reader.error('memory access flags', `malformed memop flags 0x${flags.toString(16)}`);
    throw state.invalid(`an alignment of at most ${1 << natural}`, `2^${align}: larger than natural`);
  }
  if (flags & MEMARG_HAS_MEMORY) readMemory(state);
  else if (context.memoryCount === 0) throw state.invalid('a memory', 'unknown memory 0: the module has none');
  reader.u32('an offset');
}

function readLane(state: FunctionState, lanes: number): void {
  const lane = state.reader.u8('a lane index');
  if (lane >= lanes) throw state.invalid(`a lane index below ${lanes}`, `invalid lane index ${lane}`);
}
