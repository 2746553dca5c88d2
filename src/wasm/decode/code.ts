/** The code section (core spec 5.5.13): finds each body and its first instruction; instructions are not looked at. */
import { ByteReader } from '../../bytes/reader.js';
import { checkLimit } from '../limits.js';
import type { FunctionBody, Range, ValType } from '../module.js';
import { Op } from '../opcode.js';
import { readValType } from './types.js';

/** A run of locals of one type. */
export interface LocalGroup {
  readonly count: number;
  readonly type: ValType;
}

/** Reads the locals vector, whose claimed counts are checked before anything is made of them. */
function readLocals(reader: ByteReader, onGroup: (count: number, type: ValType) => void): void {
  const groups = reader.count('local declarations', 2);
  let total = 0;
  for (let at = 0; at < groups; at++) {
    const offset = reader.pos;
    const count = reader.u32('a number of locals');
    total += count;
    if (total > 0xffffffff) throw reader.error('fewer than 2^32 locals', `${total} locals`, offset);
    onGroup(count, readValType(reader, 'the type of locals'));
  }
  checkLimit('locals', total, 'locals of a function', reader.pos);
}

const ignore = () => {};

function readBody(reader: ByteReader): FunctionBody {
  const sizeOffset = reader.pos;
  const size = reader.u32('the size of a function body');
  checkLimit('bodyBytes', size, 'bytes of a function body', sizeOffset);
  const start = reader.skip(size, 'a function body');
  const end = start + size;
  const inner = new ByteReader(reader.bytes, start, end, reader.context);
  readLocals(inner, ignore);
  if (inner.pos >= end || reader.bytes[end - 1] !== Op.End) {
    throw reader.error('a function body that ends with `end` (0x0b)', `a body of ${size} bytes without`, end);
  }
  return { body: { start, end }, code: { start: inner.pos, end } };
}

export function decodeCodeSection(reader: ByteReader): FunctionBody[] {
  const offset = reader.pos;
  const count = reader.count('function bodies', 2);
  checkLimit('functions', count, 'function bodies', offset);
  return Array.from({ length: count }, () => readBody(reader));
}

/** The declared locals of a decoded body (parameters not included), as runs. */
export function localGroups(bytes: Uint8Array, body: Range): LocalGroup[] {
  const groups: LocalGroup[] = [];
  readLocals(new ByteReader(bytes, body.start, body.end, 'code section'), (count, type) => {
    if (count > 0) groups.push({ count, type });
  });
  return groups;
}
