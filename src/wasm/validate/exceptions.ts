/** Exception handling: the legacy instructions that toolchains emit, and `try_table`/`throw_ref` of the final proposal. */
import { CatchKind } from '../instructions.js';
import { ValType } from '../module.js';
import { Op } from '../opcode.js';
import { funcTypeName } from '../type-names.js';
import { readBlockType } from './control.js';
import { FrameKind } from './frames.js';
import type { FunctionState } from './function-state.js';

function readTagParams(state: FunctionState): readonly ValType[] {
  const { tags, module } = state.context;
  return module.types[tags[state.readIndex('tag', tags.length)]!]!.params;
}

export function checkThrow(state: FunctionState): void {
  state.popAll(readTagParams(state));
  state.markUnreachable();
}

export function checkThrowRef(state: FunctionState): void {
  state.pop(ValType.ExnRef);
  state.markUnreachable();
}

/** `catch` and `catch_all` end the part before them and open a new one with the same result types. */
export function checkCatch(state: FunctionState): void {
  const { control, op } = state;
  const kind = control.kinds[control.depth - 1];
  if (kind !== FrameKind.Try && kind !== FrameKind.Catch) {
    throw state.invalid('a catch clause only in a `try`, before `catch_all`', 'one elsewhere');
  }
  const params = op === Op.Catch ? readTagParams(state) : [];
  const blockType = control.blockTypes[state.popFrame()]!;
  state.pushFrame(op === Op.Catch ? FrameKind.Catch : FrameKind.CatchAll, blockType, params);
}

/** `delegate` ends a `try` that has no catch clauses; its label counts from outside of that `try`. */
export function checkDelegate(state: FunctionState): void {
  const { control } = state;
  if (control.kinds[control.depth - 1] !== FrameKind.Try) {
    throw state.invalid('`delegate` only at the end of a `try` without catch clauses', 'one elsewhere');
  }
  const blockType = control.blockTypes[state.popFrame()]!;
  state.readLabel();
  state.pushAll(state.blockResults(blockType));
}

export function checkRethrow(state: FunctionState): void {
  const kind = state.control.kinds[state.readLabel()];
  if (kind !== FrameKind.Catch && kind !== FrameKind.CatchAll) {
    throw state.invalid('a label of a catch clause', 'the label of another block');
  }
  state.markUnreachable();
}

/** `try_table`: labels of its catch clauses count from outside of it and receive what the clause delivers. */
export function checkTryTable(state: FunctionState): void {
  const { reader } = state;
  const blockType = readBlockType(state);
  for (let count = reader.count('catch clauses', 2); count > 0; count--) checkCatchClause(state);
  const params = state.blockParams(blockType);
  state.popAll(params);
  state.pushFrame(FrameKind.TryTable, blockType, params);
}

function checkCatchClause(state: FunctionState): void {
  const { reader } = state;
  const at = reader.pos;
  const kind = reader.u8('a catch clause (0 to 3)');
  if (kind > CatchKind.CatchAllRef) throw reader.error('a catch clause (0 to 3)', String(kind), at);
  const tagParams = kind === CatchKind.Catch || kind === CatchKind.CatchRef ? readTagParams(state) : [];
  const withRef = kind === CatchKind.CatchRef || kind === CatchKind.CatchAllRef;
  const delivered = withRef ? [...tagParams, ValType.ExnRef] : tagParams;
  const label = state.labelTypes(state.readLabel());
  if (label.length === delivered.length && label.every((type, index) => type === delivered[index])) return;
  const name = (types: readonly ValType[]) => funcTypeName({ params: types, results: [] }).split(' -> ')[0]!;
  throw state.invalid(`a label that takes ${name(delivered)}`, `one that takes ${name(label)}`);
}
