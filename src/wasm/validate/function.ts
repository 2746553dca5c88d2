/** Validates one function body: the loop over its instructions. */
import { unknownOpcode } from '../instructions.js';
import { flatOpcode, Op } from '../opcode.js';
import {
  IMMEDIATE_OF,
  OPCODE_BY_FLAT,
  PARAM_COUNT_OF,
  PARAM_TYPES_OF,
  RESULT_TYPE_OF,
  SIGNATURE_VARIES,
} from '../opcode-lookup.js';
import { REFUSED_OPCODES, refusedOpcode } from '../refused.js';
import type { ModuleContext } from './context.js';
import * as control from './control.js';
import * as exceptions from './exceptions.js';
import { FrameKind } from './frames.js';
import { FunctionState } from './function-state.js';
import { checkImmediates } from './immediates.js';
import * as operators from './operators.js';

/**
 * Validates the body of a defined function.
 * @param definedIndex index among the defined functions (imports not counted)
 * @throws DecodeError FTW_INVALID, FTW_MALFORMED, FTW_UNSUPPORTED or FTW_LIMIT at the offending instruction
 */
export function validateFunction(context: ModuleContext, definedIndex: number): void {
  const state = new FunctionState(context, definedIndex);
  const { reader } = state;
  const { bytes, end } = reader;
  while (state.control.depth > 0) {
    if (reader.pos >= end) throw reader.error('`end` of the function', 'the end of the function body');
    state.offset = reader.pos;
    const first = bytes[reader.pos++]!;
    const op = first < 0xfb ? first : readPrefixed(state, first);
    state.op = op;
    const params = PARAM_COUNT_OF[op]!;
    if (params === SIGNATURE_VARIES) checkSpecial(state, op);
    else checkPlain(state, op, params);
  }
  if (reader.pos !== end) {
    throw reader.error('the end of the function body after its last `end`', `${reader.remaining} more bytes`);
  }
}

function readPrefixed(state: FunctionState, prefix: number): number {
  const sub = state.reader.u32('an opcode after its prefix');
  const op = flatOpcode(prefix, sub);
  if (OPCODE_BY_FLAT[op] === undefined) throw unknownOpcode(state.reader.bytes, state.offset);
  if (REFUSED_OPCODES[op] === 1) throw refusedOpcode(op, state.offset, state.functionIndex);
  return op;
}

/** Instructions with fixed operand and result types: everything comes from the opcode table. */
function checkPlain(state: FunctionState, op: number, params: number): void {
  const immediate = IMMEDIATE_OF[op]!;
  if (immediate !== 0) checkImmediates(state, immediate);
  for (let at = op * 3 + params - 1; at >= op * 3; at--) state.pop(PARAM_TYPES_OF[at]!);
  const result = RESULT_TYPE_OF[op]!;
  if (result !== 0) state.push(result);
}

function checkSpecial(state: FunctionState, op: number): void {
  const check = CHECKS[op];
  if (check !== undefined) check(state);
  else if (REFUSED_OPCODES[op] === 1) throw refusedOpcode(op, state.offset, state.functionIndex);
  else throw unknownOpcode(state.reader.bytes, state.offset);
}

/** The instructions whose types are not fixed by the opcode alone. */
const CHECKS: ((state: FunctionState) => void)[] = [];
CHECKS[Op.LocalGet] = operators.checkLocal;
CHECKS[Op.LocalSet] = operators.checkLocal;
CHECKS[Op.LocalTee] = operators.checkLocal;
CHECKS[Op.GlobalGet] = operators.checkGlobalGet;
CHECKS[Op.GlobalSet] = operators.checkGlobalSet;
CHECKS[Op.Unreachable] = (state) => state.markUnreachable();
CHECKS[Op.Block] = (state) => control.openBlock(state, FrameKind.Block);
CHECKS[Op.Loop] = (state) => control.openBlock(state, FrameKind.Loop);
CHECKS[Op.If] = (state) => control.openBlock(state, FrameKind.If);
CHECKS[Op.Else] = control.checkElse;
CHECKS[Op.End] = control.checkEnd;
CHECKS[Op.Br] = control.checkBranch;
CHECKS[Op.BrIf] = control.checkBranch;
CHECKS[Op.BrTable] = control.checkBranchTable;
CHECKS[Op.Return] = control.checkReturn;
CHECKS[Op.Call] = control.checkCall;
CHECKS[Op.ReturnCall] = control.checkCall;
CHECKS[Op.CallIndirect] = control.checkCallIndirect;
CHECKS[Op.ReturnCallIndirect] = control.checkCallIndirect;
CHECKS[Op.Drop] = (state) => state.popAny();
CHECKS[Op.Select] = control.checkSelect;
CHECKS[Op.SelectT] = operators.checkTypedSelect;
CHECKS[Op.Try] = (state) => control.openBlock(state, FrameKind.Try);
CHECKS[Op.Catch] = exceptions.checkCatch;
CHECKS[Op.CatchAll] = exceptions.checkCatch;
CHECKS[Op.Delegate] = exceptions.checkDelegate;
CHECKS[Op.Throw] = exceptions.checkThrow;
CHECKS[Op.Rethrow] = exceptions.checkRethrow;
CHECKS[Op.ThrowRef] = exceptions.checkThrowRef;
CHECKS[Op.TryTable] = exceptions.checkTryTable;
CHECKS[Op.TableGet] = operators.checkTable;
CHECKS[Op.TableSet] = operators.checkTable;
CHECKS[Op.TableGrow] = operators.checkTable;
CHECKS[Op.TableFill] = operators.checkTable;
CHECKS[Op.TableCopy] = operators.checkTableCopy;
CHECKS[Op.TableInit] = operators.checkTableInit;
CHECKS[Op.RefNull] = operators.checkRefNull;
CHECKS[Op.RefIsNull] = operators.checkRefIsNull;
CHECKS[Op.RefFunc] = operators.checkRefFunc;
