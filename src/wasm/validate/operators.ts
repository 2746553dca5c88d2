/** Variable, table and reference instructions, whose types depend on what their immediates name (core spec 3.3.2 to 3.3.6). */
import { readRefType, readValType } from '../decode/types.js';
import { ValType } from '../module.js';
import { Op } from '../opcode.js';
import { typeName } from '../type-names.js';
import type { FunctionState } from './function-state.js';

export function checkLocal(state: FunctionState): void {
  const type = state.locals[state.readIndex('local', state.locals.length)]!;
  if (state.op !== Op.LocalGet) state.pop(type);
  if (state.op !== Op.LocalSet) state.push(type);
}

export function checkGlobalGet(state: FunctionState): void {
  const { globals } = state.context;
  state.push(globals[state.readIndex('global', globals.length)]!.type);
}

export function checkGlobalSet(state: FunctionState): void {
  const { globals } = state.context;
  const index = state.readIndex('global', globals.length);
  const global = globals[index]!;
  if (!global.mutable) throw state.invalid('a mutable global', `immutable global ${index}`);
  state.pop(global.type);
}

function readTableElement(state: FunctionState): ValType {
  const { tables } = state.context;
  return tables[state.readIndex('table', tables.length)]!.element;
}

export function checkTable(state: FunctionState): void {
  const element = readTableElement(state);
  switch (state.op) {
    case Op.TableGet:
      state.pop(ValType.I32);
      state.push(element);
      return;
    case Op.TableSet:
      state.pop(element);
      state.pop(ValType.I32);
      return;
    case Op.TableGrow:
      state.pop(ValType.I32);
      state.pop(element);
      state.push(ValType.I32);
      return;
    default:
      state.pop(ValType.I32);
      state.pop(element);
      state.pop(ValType.I32);
  }
}

function popThreeI32(state: FunctionState): void {
  for (let at = 0; at < 3; at++) state.pop(ValType.I32);
}

export function checkTableCopy(state: FunctionState): void {
  const to = readTableElement(state);
  const from = readTableElement(state);
  if (to !== from) throw state.invalid(`a source table of ${typeName(to)}`, `one of ${typeName(from)}`);
  popThreeI32(state);
}

export function checkTableInit(state: FunctionState): void {
  const { elements } = state.context.module;
  const from = elements[state.readIndex('element segment', elements.length)]!.type;
  const to = readTableElement(state);
  if (to !== from) throw state.invalid(`an element segment of ${typeName(to)}`, `one of ${typeName(from)}`);
  popThreeI32(state);
}

export function checkRefFunc(state: FunctionState): void {
  const { functions, declaredFunctions } = state.context;
  const index = state.readIndex('function', functions.length);
  if (!declaredFunctions.has(index)) {
    throw state.invalid('a function that is exported or in an element segment', `undeclared function ${index}`);
  }
  state.push(ValType.FuncRef);
}

export function checkRefNull(state: FunctionState): void {
  state.push(readRefType(state.reader));
}

export function checkRefIsNull(state: FunctionState): void {
  state.popRef();
  state.push(ValType.I32);
}

export function checkTypedSelect(state: FunctionState): void {
  const { reader } = state;
  const count = reader.count('types of a select');
  if (count !== 1) throw state.invalid('one type', `${count} types (invalid result arity)`);
  const type = readValType(reader);
  state.pop(ValType.I32);
  state.pop(type);
  state.pop(type);
  state.push(type);
}
