/** Element and data sections (core spec 5.5.12 and 5.5.14). */
import type { ByteReader } from '../../bytes/reader.js';
import { checkLimit } from '../limits.js';
import { type DataSegment, type ElementSegment, ValType } from '../module.js';
import { readConstExpr } from './const-expr.js';
import { readRefType } from './types.js';

/** Bits of an element segment's kind: 1 not active, 2 explicit table (active) or declarative, 4 expressions. */
const ELEM_NOT_ACTIVE = 1;
const ELEM_EXPLICIT = 2;
const ELEM_EXPRESSIONS = 4;

function readElementItems(reader: ByteReader, expressions: boolean): ElementSegment['items'] {
  const offset = reader.pos;
  const count = reader.count('elements of a segment');
  checkLimit('segmentElements', count, 'elements of a segment', offset);
  if (expressions) return { kind: 'exprs', exprs: Array.from({ length: count }, () => readConstExpr(reader)) };
  const indices = new Uint32Array(count);
  for (let at = 0; at < count; at++) indices[at] = reader.u32('a function index');
  return { kind: 'funcs', indices };
}

/** The element type of a segment that writes it out: a reference type, or the element kind 0 (functions). */
function readElementType(reader: ByteReader, expressions: boolean): ValType {
  if (expressions) return readRefType(reader, 'the type of an element segment');
  const offset = reader.pos;
  const kind = reader.u8('an element kind (0)');
  if (kind !== 0) throw reader.error('an element kind (0)', `0x${kind.toString(16)}`, offset);
  return ValType.FuncRef;
}

function readElementSegment(reader: ByteReader): ElementSegment {
  const at = reader.pos;
  const flags = reader.u32('an element segment kind (0 to 7)');
  if (flags > 7) throw reader.error('an element segment kind (0 to 7)', String(flags), at);
  const expressions = (flags & ELEM_EXPRESSIONS) !== 0;
  const explicit = (flags & ELEM_EXPLICIT) !== 0;
  if (flags & ELEM_NOT_ACTIVE) {
    const mode = explicit ? 'declarative' : 'passive';
    const type = readElementType(reader, expressions);
    return { mode, tableIndex: 0, type, items: readElementItems(reader, expressions) };
  }
  const tableIndex = explicit ? reader.u32('a table index') : 0;
  const offset = readConstExpr(reader);
  const type = explicit ? readElementType(reader, expressions) : ValType.FuncRef;
  return { mode: 'active', tableIndex, offset, type, items: readElementItems(reader, expressions) };
}

export function decodeElementSection(reader: ByteReader): ElementSegment[] {
  const offset = reader.pos;
  const count = reader.count('element segments', 3);
  checkLimit('elementSegments', count, 'element segments', offset);
  return Array.from({ length: count }, () => readElementSegment(reader));
}

/** Kinds: 0 active in memory 0, 1 passive, 2 active in the memory that follows. */
function readDataSegment(reader: ByteReader): DataSegment {
  const at = reader.pos;
  const flags = reader.u32('a data segment kind (0 to 2)');
  if (flags > 2) throw reader.error('a data segment kind (0 to 2)', String(flags), at);
  const memoryIndex = flags === 2 ? reader.u32('a memory index') : 0;
  const offset = flags === 1 ? undefined : readConstExpr(reader);
  const length = reader.u32('the size of a data segment');
  const start = reader.skip(length, 'a data segment');
  const data = { start, end: start + length };
  return offset === undefined ? { mode: 'passive', memoryIndex, data } : { mode: 'active', memoryIndex, offset, data };
}

export function decodeDataSection(reader: ByteReader): DataSegment[] {
  const offset = reader.pos;
  const count = reader.count('data segments', 2);
  checkLimit('dataSegments', count, 'data segments', offset);
  return Array.from({ length: count }, () => readDataSegment(reader));
}
