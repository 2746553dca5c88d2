/**
 * {@link Module} to binary (core spec 5.5.16). Integers are written in minimal form, so a module that was minimal comes
 * back byte for byte; others come back equal in meaning. Custom sections stay between the sections they were between.
 */
import { ByteWriter } from '../../bytes/writer.js';
import type { CustomSection, Module } from '../module.js';
import { remapNameSection } from '../names.js';
import { SECTION_ORDER, Section } from '../sections.js';
import {
  type BodyWriter,
  type SectionContext,
  writeCode,
  writeData,
  writeElements,
  writeExports,
  writeFunctions,
  writeGlobals,
  writeImports,
  writeMemories,
  writeStart,
  writeTables,
  writeTags,
  writeTypes,
} from './sections.js';

export interface EncodeOptions {
  /** Writes each function's locals and code; by default its range is copied. */
  readonly writeBody?: BodyWriter;
  /**
   * New index of each function, for passes that add imported functions. It is applied to exports, start, element
   * segments, `ref.func` in constant expressions and the name section; code is the business of `writeBody`.
   */
  readonly mapFunction?: (index: number) => number;
  /** Which custom sections to keep; all of them by default. */
  readonly keepCustom?: (section: CustomSection) => boolean;
  /** Expected size in bytes, to avoid copies while growing. */
  readonly capacity?: number;
}

/** Code entries (size, locals, instructions) that a pass has written, and room in front of them for what precedes them. */
export interface WrittenCode {
  /** Holds `gap` bytes to be overwritten, then the entries. */
  readonly out: ByteWriter;
  readonly gap: number;
  readonly count: number;
}

const HEADER = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

/** Encodes a module. Ranges point into `module.bytes` (or their own `source`), so any field may have been replaced. */
export function encodeModule(module: Module, options: EncodeOptions = {}): Uint8Array {
  const out = new ByteWriter(options.capacity ?? module.bytes.length + 1024);
  out.copy(HEADER);
  const context: SectionContext = { module, mapFunction: options.mapFunction };
  const customs = module.customs.filter(options.keepCustom ?? (() => true));
  writeCustoms(out, context, customs, Section.Custom);
  for (const id of SECTION_ORDER) {
    const content = sectionContent(id, context, options);
    if (content !== undefined) writeSection(out, id, content);
    writeCustoms(out, context, customs, id);
  }
  return out.finish();
}

/**
 * Encodes a module around code that has been written already, in the same buffer: a large module's code is copied nowhere.
 * `module.bodies` is not looked at.
 */
export function encodeAround(
  module: Module,
  { out, gap, count }: WrittenCode,
  options: EncodeOptions = {},
): Uint8Array {
  const codeBytes = out.length - gap;
  const head = new ByteWriter(gap);
  head.copy(HEADER);
  const context: SectionContext = { module, mapFunction: options.mapFunction };
  const customs = module.customs.filter(options.keepCustom ?? (() => true));
  writeCustoms(head, context, customs, Section.Custom);
  let target = head;
  for (const id of SECTION_ORDER) {
    if (id === Section.Code) {
      writeCodeHead(head, count, codeBytes);
      target = out;
    } else {
      const content = sectionContent(id, context, options);
      if (content !== undefined) writeSection(target, id, content);
    }
    writeCustoms(target, context, customs, id);
  }
  const all = out.bytes;
  if (head.length <= gap) {
    all.set(head.bytes, gap - head.length);
    const start = gap - head.length;
    return all.length < SMALL_BYTES ? all.slice(start) : all.subarray(start);
  }
  const joined = new ByteWriter(head.length + all.length - gap);
  joined.copy(head.bytes);
  joined.copy(all, gap);
  return joined.finish();
}

/** Modules up to this size get a buffer of their own; larger ones are a view of the one they were written in. */
const SMALL_BYTES = 1 << 20;

function writeCodeHead(out: ByteWriter, count: number, bytes: number): void {
  const countField = new ByteWriter();
  countField.u32(count);
  out.u8(Section.Code);
  out.u32(countField.length + bytes);
  out.copy(countField.bytes);
}

/** Writes one section: id, size and what `content` writes. */
export function writeSection(out: ByteWriter, id: number, content: (out: ByteWriter) => void): void {
  out.u8(id);
  const mark = out.openSized();
  content(out);
  out.closeSized(mark);
}

function writeCustoms(out: ByteWriter, context: SectionContext, customs: CustomSection[], after: number): void {
  for (const custom of customs) {
    if (custom.after === after) writeSection(out, Section.Custom, () => writeCustom(out, context, custom));
  }
}

function writeCustom(out: ByteWriter, { module, mapFunction }: SectionContext, custom: CustomSection): void {
  out.name(custom.name);
  const bytes = custom.data.source ?? module.bytes;
  if (custom.name === 'name' && mapFunction !== undefined) remapNameSection(out, bytes, custom.data, mapFunction);
  else out.copy(bytes, custom.data.start, custom.data.end);
}

/** What to write for section `id`, or undefined when the module has nothing to put there. */
function sectionContent(
  id: Section,
  context: SectionContext,
  options: EncodeOptions,
): ((out: ByteWriter) => void) | undefined {
  const { module } = context;
  const some = (length: number, write: (out: ByteWriter) => void) => (length > 0 ? write : undefined);
  switch (id) {
    case Section.Type:
      return some(module.types.length, (out) => writeTypes(out, module.types));
    case Section.Import:
      return some(module.imports.length, (out) => writeImports(out, module.imports));
    case Section.Function:
      return some(module.functions.length, (out) => writeFunctions(out, module.functions));
    case Section.Table:
      return some(module.tables.length, (out) => writeTables(out, module));
    case Section.Memory:
      return some(module.memories.length, (out) => writeMemories(out, module.memories));
    case Section.Tag:
      return some(module.tags.length, (out) => writeTags(out, module.tags));
    case Section.Global:
      return some(module.globals.length, (out) => writeGlobals(out, context));
    case Section.Export:
      return some(module.exports.length, (out) => writeExports(out, context, module.exports));
    case Section.Start:
      return module.start === undefined ? undefined : (out) => writeStart(out, context, module.start!);
    case Section.Element:
      return some(module.elements.length, (out) => writeElements(out, context));
    case Section.DataCount:
      return module.dataCount === undefined ? undefined : (out) => out.u32(module.dataCount!);
    case Section.Code:
      return some(module.functions.length, (out) => {
        writeCode(out, module.functions.length, options.writeBody ?? copyBody(module));
      });
    case Section.Data:
      return some(module.data.length, (out) => writeData(out, context));
    case Section.Custom:
      return undefined;
  }
}

function copyBody(module: Module): BodyWriter {
  return (out, index) => {
    const { body } = module.bodies[index]!;
    out.copy(body.source ?? module.bytes, body.start, body.end);
  };
}
