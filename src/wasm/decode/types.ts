/** Types: value types, function types, limits (core spec 5.3) and the type section (5.5.4). */
import type { ByteReader } from '../../bytes/reader.js';
import { DecodeError } from '../../errors.js';
import { checkLimit } from '../limits.js';
import { type FuncType, type GlobalType, type Limits, type TableType, ValType } from '../module.js';

const VALUE_TYPES = new Set<number>(Object.values(ValType));

/** Types of the function-references and GC proposals, refused by name. */
const REFUSED_TYPES: Record<number, string> = {
  120: 'i8 (packed field)',
  119: 'i16 (packed field)',
  116: 'nullexnref',
  115: 'nullfuncref',
  114: 'nullexternref',
  113: 'nullref',
  110: 'anyref',
  109: 'eqref',
  108: 'i31ref',
  107: 'structref',
  106: 'arrayref',
  104: 'contref',
  100: '(ref heaptype)',
  99: '(ref null heaptype)',
};

const REFUSED_TYPE_FORMS: Record<number, string> = {
  95: 'struct type',
  94: 'array type',
  93: 'continuation type',
  80: 'subtype',
  79: 'final subtype',
  78: 'recursive type group',
};

/** An error for a construct that is known and refused. `feature` is the proposal's name. */
export function unsupported(offset: number, feature: string, what: string): DecodeError {
  return new DecodeError('FTW_UNSUPPORTED', offset, `${what} is not supported (${feature} proposal)`, {
    feature,
    what,
  });
}

export function isValType(byte: number): byte is ValType {
  return VALUE_TYPES.has(byte);
}

export function isRefType(type: number): boolean {
  return type === ValType.FuncRef || type === ValType.ExternRef || type === ValType.ExnRef;
}

function hex(byte: number): string {
  return `0x${byte.toString(16)}`;
}

export function readValType(reader: ByteReader, expected = 'a value type'): ValType {
  const offset = reader.pos;
  const byte = reader.u8(expected);
  if (isValType(byte)) return byte;
  const refused = REFUSED_TYPES[byte];
  if (refused !== undefined) throw unsupported(offset, 'garbage collection', `type ${refused}`);
  throw reader.error(expected, hex(byte), offset);
}

export function readRefType(reader: ByteReader, expected = 'a reference type'): ValType {
  const offset = reader.pos;
  const type = readValType(reader, expected);
  if (!isRefType(type)) throw reader.error(expected, hex(type), offset);
  return type;
}

function readTypes(reader: ByteReader, limit: 'params' | 'results'): ValType[] {
  const offset = reader.pos;
  const count = reader.count(limit);
  checkLimit(limit, count, limit, offset);
  return Array.from({ length: count }, () => readValType(reader));
}

function readFuncType(reader: ByteReader): FuncType {
  const offset = reader.pos;
  const form = reader.u8('a function type (0x60)');
  const refused = REFUSED_TYPE_FORMS[form];
  if (refused !== undefined) throw unsupported(offset, 'garbage collection', refused);
  if (form !== 0x60) throw reader.error('a function type (0x60)', hex(form), offset);
  return { params: readTypes(reader, 'params'), results: readTypes(reader, 'results') };
}

export function decodeTypeSection(reader: ByteReader): FuncType[] {
  const offset = reader.pos;
  // A struct without fields takes two bytes, and is to be refused by its name.
  const count = reader.count('types', 2);
  checkLimit('types', count, 'types', offset);
  return Array.from({ length: count }, () => readFuncType(reader));
}

/** Flag bits of limits: 1 has a maximum, 2 is shared (threads), 4 is 64-bit (memory64). */
export function readLimits(reader: ByteReader, what: 'memory' | 'table'): Limits {
  const offset = reader.pos;
  const expected = `${what} limits (flags 0x0 to 0x7)`;
  const flags = reader.u8(expected);
  if (flags > 7) {
    if (flags < 16) throw unsupported(offset, 'custom page sizes', 'a page size other than 64 KiB');
    throw reader.error(expected, hex(flags), offset);
  }
  const is64 = (flags & 4) !== 0;
  const bound = () => (is64 ? Number(reader.u64()) : reader.u32());
  const min = bound();
  return {
    min,
    ...(flags & 1 ? { max: bound() } : {}),
    ...(flags & 2 ? { shared: true } : {}),
    ...(is64 ? { is64: true } : {}),
  };
}

export function readTableType(reader: ByteReader): TableType {
  const element = readRefType(reader, 'the table element type');
  return { element, limits: readLimits(reader, 'table') };
}

export function readGlobalType(reader: ByteReader): GlobalType {
  const type = readValType(reader, 'the type of a global');
  const offset = reader.pos;
  const mutability = reader.u8('global mutability (0 or 1)');
  if (mutability > 1) {
    if (mutability < 4) throw unsupported(offset, 'shared-everything threads', 'a shared global');
    throw reader.error('global mutability (0 or 1)', hex(mutability), offset);
  }
  return { type, mutable: mutability === 1 };
}

/** A tag's attribute byte (0: exception) and type index. */
export function readTag(reader: ByteReader): { typeIndex: number } {
  const offset = reader.pos;
  const attribute = reader.u8('a tag attribute (0)');
  if (attribute !== 0) throw reader.error('a tag attribute (0)', hex(attribute), offset);
  return { typeIndex: reader.u32('a type index') };
}
