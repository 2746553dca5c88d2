/** Types in the text format's words, for messages. */
import { type FuncType, ValType } from './module.js';

const TYPE_NAMES: Record<number, string> = {
  [ValType.I32]: 'i32',
  [ValType.I64]: 'i64',
  [ValType.F32]: 'f32',
  [ValType.F64]: 'f64',
  [ValType.V128]: 'v128',
  [ValType.FuncRef]: 'funcref',
  [ValType.ExternRef]: 'externref',
  [ValType.ExnRef]: 'exnref',
};

/** The text-format name of a value type; 0 is the unknown type of unreachable code. */
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? 'any type';
}

/** `[i32 i64] -> [f32]` */
export function funcTypeName(type: FuncType): string {
  const list = (types: readonly ValType[]) => `[${types.map(typeName).join(' ')}]`;
  return `${list(type.params)} -> ${list(type.results)}`;
}
