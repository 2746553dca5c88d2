/** One writer per section: content only, without id and size (core spec 5.5.3 to 5.5.15). */
import type { ByteWriter } from '../../bytes/writer.js';
import { immediatesAt, lebU32At, opcodeAt, skipImmediates } from '../instructions.js';
import {
  type ConstExpr,
  type DataSegment,
  type ElementSegment,
  type Export,
  type ExternKind,
  type FuncType,
  type GlobalType,
  type Import,
  type Limits,
  type Module,
  type Range,
  type TableType,
  ValType,
} from '../module.js';
import { Op } from '../opcode.js';

/** How a changed module differs from the one its ranges point into. */
export interface SectionContext {
  readonly module: Module;
  /** New index of each function; undefined if they are all unchanged. */
  readonly mapFunction?: ((index: number) => number) | undefined;
}

const EXTERN_CODES: Record<ExternKind, number> = { func: 0, table: 1, memory: 2, global: 3, tag: 4 };

function copyRange(out: ByteWriter, module: Module, range: Range): void {
  out.copy(range.source ?? module.bytes, range.start, range.end);
}

function vector<T>(out: ByteWriter, items: readonly T[], write: (item: T) => void): void {
  out.u32(items.length);
  for (const item of items) write(item);
}

function mapped(context: SectionContext, index: number): number {
  return context.mapFunction === undefined ? index : context.mapFunction(index);
}

export function writeTypes(out: ByteWriter, types: readonly FuncType[]): void {
  vector(out, types, (type) => {
    out.u8(0x60);
    vector(out, type.params, (param) => out.u8(param));
    vector(out, type.results, (result) => out.u8(result));
  });
}

function writeLimits(out: ByteWriter, limits: Limits): void {
  const flags = (limits.max === undefined ? 0 : 1) | (limits.shared ? 2 : 0) | (limits.is64 ? 4 : 0);
  const bound = (value: number) => (limits.is64 ? out.u64(BigInt(value)) : out.u32(value));
  out.u8(flags);
  bound(limits.min);
  if (limits.max !== undefined) bound(limits.max);
}

function writeTableType(out: ByteWriter, table: TableType): void {
  out.u8(table.element);
  writeLimits(out, table.limits);
}

function writeGlobalType(out: ByteWriter, global: GlobalType): void {
  out.u8(global.type);
  out.u8(global.mutable ? 1 : 0);
}

function writeTag(out: ByteWriter, typeIndex: number): void {
  out.u8(0);
  out.u32(typeIndex);
}

function writeImport(out: ByteWriter, { module, name, desc }: Import): void {
  out.name(module);
  out.name(name);
  out.u8(EXTERN_CODES[desc.kind]);
  switch (desc.kind) {
    case 'func':
      out.u32(desc.typeIndex);
      break;
    case 'table':
      writeTableType(out, desc.table);
      break;
    case 'memory':
      writeLimits(out, desc.memory);
      break;
    case 'global':
      writeGlobalType(out, desc.global);
      break;
    case 'tag':
      writeTag(out, desc.typeIndex);
      break;
  }
}

export function writeImports(out: ByteWriter, imports: readonly Import[]): void {
  vector(out, imports, (entry) => writeImport(out, entry));
}

export function writeFunctions(out: ByteWriter, typeIndices: Uint32Array): void {
  out.u32(typeIndices.length);
  for (const index of typeIndices) out.u32(index);
}

export function writeTables(out: ByteWriter, module: Module): void {
  vector(out, module.tables, ({ table }) => writeTableType(out, table));
}

export function writeMemories(out: ByteWriter, memories: readonly Limits[]): void {
  vector(out, memories, (memory) => writeLimits(out, memory));
}

export function writeTags(out: ByteWriter, tags: Module['tags']): void {
  vector(out, tags, (tag) => writeTag(out, tag.typeIndex));
}

export function writeGlobals(out: ByteWriter, context: SectionContext): void {
  vector(out, context.module.globals, ({ global, init }) => {
    writeGlobalType(out, global);
    writeConstExpr(out, context, init);
  });
}

export function writeExports(out: ByteWriter, context: SectionContext, exports: readonly Export[]): void {
  vector(out, exports, ({ name, kind, index }) => {
    out.name(name);
    out.u8(EXTERN_CODES[kind]);
    out.u32(kind === 'func' ? mapped(context, index) : index);
  });
}

/** Copies a constant expression; only `ref.func` names something that {@link SectionContext.mapFunction} moves. */
export function writeConstExpr(out: ByteWriter, context: SectionContext, expr: ConstExpr): void {
  if (context.mapFunction === undefined) {
    copyRange(out, context.module, expr);
    return;
  }
  const bytes = expr.source ?? context.module.bytes;
  for (let pos = expr.start; pos < expr.end; ) {
    const op = opcodeAt(bytes, pos);
    const immediates = immediatesAt(bytes, pos);
    const next = skipImmediates(bytes, op, immediates);
    if (op === Op.RefFunc) {
      out.u8(Op.RefFunc);
      out.u32(context.mapFunction(lebU32At(bytes, immediates)));
    } else out.copy(bytes, pos, next);
    pos = next;
  }
}

export function writeStart(out: ByteWriter, context: SectionContext, start: number): void {
  out.u32(mapped(context, start));
}

/** Element segment kinds: bit 0 not active, bit 1 explicit table or declarative, bit 2 expressions. */
function elementFlags(segment: ElementSegment): number {
  const expressions = segment.items.kind === 'exprs' ? 4 : 0;
  if (segment.mode === 'passive') return expressions | 1;
  if (segment.mode === 'declarative') return expressions | 3;
  return expressions | (segment.tableIndex !== 0 || segment.type !== ValType.FuncRef ? 2 : 0);
}

function writeElement(out: ByteWriter, context: SectionContext, segment: ElementSegment): void {
  const flags = elementFlags(segment);
  out.u32(flags);
  if (segment.offset !== undefined) {
    if (flags & 2) out.u32(segment.tableIndex);
    writeConstExpr(out, context, segment.offset);
  }
  const { items } = segment;
  if (flags & 3) out.u8(items.kind === 'exprs' ? segment.type : 0);
  if (items.kind === 'exprs') vector(out, items.exprs, (expr) => writeConstExpr(out, context, expr));
  else {
    out.u32(items.indices.length);
    for (const index of items.indices) out.u32(mapped(context, index));
  }
}

export function writeElements(out: ByteWriter, context: SectionContext): void {
  vector(out, context.module.elements, (segment) => writeElement(out, context, segment));
}

function writeDataSegment(out: ByteWriter, context: SectionContext, segment: DataSegment): void {
  const flags = segment.mode === 'passive' ? 1 : segment.memoryIndex === 0 ? 0 : 2;
  out.u32(flags);
  if (flags === 2) out.u32(segment.memoryIndex);
  if (segment.offset !== undefined) writeConstExpr(out, context, segment.offset);
  out.u32(segment.data.end - segment.data.start);
  copyRange(out, context.module, segment.data);
}

export function writeData(out: ByteWriter, context: SectionContext): void {
  vector(out, context.module.data, (segment) => writeDataSegment(out, context, segment));
}

/** Writes the content of one code entry, without its size. `index` counts defined functions. */
export type BodyWriter = (out: ByteWriter, index: number) => void;

/** The code section, one body after the other through `writeBody`, straight into `out`. */
export function writeCode(out: ByteWriter, count: number, writeBody: BodyWriter): void {
  out.u32(count);
  for (let index = 0; index < count; index++) {
    const mark = out.openSized();
    writeBody(out, index);
    out.closeSized(mark);
  }
}
