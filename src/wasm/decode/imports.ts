/** Import and export sections (core spec 5.5.5 and 5.5.10). */
import type { ByteReader } from '../../bytes/reader.js';
import { checkLimit } from '../limits.js';
import type { Export, ExternKind, Import, ImportDesc } from '../module.js';
import { readGlobalType, readLimits, readTableType, readTag } from './types.js';

/** Kinds by their binary code. */
export const EXTERN_KINDS: readonly ExternKind[] = ['func', 'table', 'memory', 'global', 'tag'];

function readKind(reader: ByteReader, what: string): ExternKind {
  const offset = reader.pos;
  const expected = `${what} (0 to 4)`;
  const code = reader.u8(expected);
  const kind = EXTERN_KINDS[code];
  if (kind === undefined) throw reader.error(expected, `0x${code.toString(16)}`, offset);
  return kind;
}

function readImportDesc(reader: ByteReader): ImportDesc {
  const kind = readKind(reader, 'an import kind');
  switch (kind) {
    case 'func':
      return { kind, typeIndex: reader.u32('a type index') };
    case 'table':
      return { kind, table: readTableType(reader) };
    case 'memory':
      return { kind, memory: readLimits(reader, 'memory') };
    case 'global':
      return { kind, global: readGlobalType(reader) };
    case 'tag':
      return { kind, typeIndex: readTag(reader).typeIndex };
  }
}

export function decodeImportSection(reader: ByteReader): Import[] {
  const at = reader.pos;
  const count = reader.count('imports', 4);
  checkLimit('imports', count, 'imports', at);
  return Array.from({ length: count }, () => {
    const offset = reader.pos;
    const module = reader.name('the module name of an import');
    const name = reader.name('the name of an import');
    return { module, name, desc: readImportDesc(reader), offset };
  });
}

export function decodeExportSection(reader: ByteReader): Export[] {
  const at = reader.pos;
  const count = reader.count('exports', 3);
  checkLimit('exports', count, 'exports', at);
  return Array.from({ length: count }, () => {
    const name = reader.name('the name of an export');
    const kind = readKind(reader, 'an export kind');
    return { name, kind, index: reader.u32('an index') };
  });
}
