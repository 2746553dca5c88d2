/** The table's notation for signatures: `fd:i32 offset:i64 whence:i32 -> i32`. */
import { invariant } from '../../errors.js';
import { type FuncType, ValType } from '../../wasm/module.js';

const TYPES: Readonly<Record<string, ValType>> = { i32: ValType.I32, i64: ValType.I64 };

export function parseSignature(text: string): { params: string[]; type: FuncType } {
  const [left = '', right = ''] = text.split('->');
  const pairs = words(left).map((word) => word.split(':'));
  return {
    params: pairs.map(([name]) => name!),
    type: { params: pairs.map(([, type]) => valType(type)), results: words(right).map(valType) },
  };
}

/** For messages: `(i32, i64) -> (i32)`. */
export function formatType(type: FuncType): string {
  const names = (types: readonly ValType[]) => types.map((code) => VALTYPE_NAMES.get(code) ?? 'unknown').join(', ');
  return `(${names(type.params)}) -> (${names(type.results)})`;
}

export function sameType(left: FuncType, right: FuncType): boolean {
  return formatType(left) === formatType(right);
}

const VALTYPE_NAMES = new Map<ValType, string>(
  Object.entries(ValType).map(([name, code]) => [code, name.toLowerCase()]),
);

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

function valType(name: string | undefined): ValType {
  const type = name === undefined ? undefined : TYPES[name];
  invariant(type !== undefined, `unknown type ${name} in a call signature`);
  return type;
}
