/** The sections that are plain vectors of small things (core spec 5.5.6 to 5.5.9; tags: exception handling). */
import type { ByteReader } from '../../bytes/reader.js';
import { checkLimit } from '../limits.js';
import type { Global, Limits, Module, Table } from '../module.js';
import { readConstExpr } from './const-expr.js';
import { readGlobalType, readLimits, readTableType, readTag, unsupported } from './types.js';

export function decodeFunctionSection(reader: ByteReader): Uint32Array {
  const offset = reader.pos;
  const count = reader.count('functions');
  checkLimit('functions', count, 'functions', offset);
  const typeIndices = new Uint32Array(count);
  for (let at = 0; at < count; at++) typeIndices[at] = reader.u32('a type index');
  return typeIndices;
}

/** A table that starts with this byte has an initialiser (function-references proposal). */
const TABLE_WITH_INIT = 0x40;

export function decodeTableSection(reader: ByteReader): Table[] {
  const offset = reader.pos;
  const count = reader.count('tables', 3);
  checkLimit('tables', count, 'tables', offset);
  return Array.from({ length: count }, () => {
    if (reader.peek('a table type') === TABLE_WITH_INIT) {
      throw unsupported(reader.pos, 'typed function references', 'a table with an initialiser');
    }
    return { table: readTableType(reader) };
  });
}

export function decodeMemorySection(reader: ByteReader): Limits[] {
  const offset = reader.pos;
  const count = reader.count('memories', 2);
  checkLimit('memories', count, 'memories', offset);
  return Array.from({ length: count }, () => readLimits(reader, 'memory'));
}

export function decodeTagSection(reader: ByteReader): Module['tags'] {
  const offset = reader.pos;
  const count = reader.count('tags', 2);
  checkLimit('tags', count, 'tags', offset);
  return Array.from({ length: count }, () => readTag(reader));
}

export function decodeGlobalSection(reader: ByteReader): Global[] {
  const offset = reader.pos;
  const count = reader.count('globals', 3);
  checkLimit('globals', count, 'globals', offset);
  return Array.from({ length: count }, () => ({ global: readGlobalType(reader), init: readConstExpr(reader) }));
}
