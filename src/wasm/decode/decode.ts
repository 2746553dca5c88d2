/** Binary module to {@link Module} (core spec 5.5.16). Instructions are left alone; see `../validate`. */
import { ByteReader } from '../../bytes/reader.js';
import { DecodeError } from '../../errors.js';
import { checkLimit } from '../limits.js';
import type { CustomSection, Module } from '../module.js';
import { isSection, SECTION_ORDER, Section, sectionName } from '../sections.js';
import { decodeCodeSection } from './code.js';
import { decodeExportSection, decodeImportSection } from './imports.js';
import { decodeDataSection, decodeElementSection } from './segments.js';
import {
  decodeFunctionSection,
  decodeGlobalSection,
  decodeMemorySection,
  decodeTableSection,
  decodeTagSection,
} from './simple-sections.js';
import { decodeTypeSection } from './types.js';

type Draft = { -readonly [K in keyof Module]: Module[K] };

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
const HEADER_BYTES = 8;

/** What each section contributes to the module. */
const DECODERS: Record<Exclude<Section, typeof Section.Custom>, (reader: ByteReader, draft: Draft) => void> = {
  [Section.Type]: (reader, draft) => {
    draft.types = decodeTypeSection(reader);
  },
  [Section.Import]: (reader, draft) => {
    draft.imports = decodeImportSection(reader);
  },
  [Section.Function]: (reader, draft) => {
    draft.functions = decodeFunctionSection(reader);
  },
  [Section.Table]: (reader, draft) => {
    draft.tables = decodeTableSection(reader);
  },
  [Section.Memory]: (reader, draft) => {
    draft.memories = decodeMemorySection(reader);
  },
  [Section.Tag]: (reader, draft) => {
    draft.tags = decodeTagSection(reader);
  },
  [Section.Global]: (reader, draft) => {
    draft.globals = decodeGlobalSection(reader);
  },
  [Section.Export]: (reader, draft) => {
    draft.exports = decodeExportSection(reader);
  },
  [Section.Start]: (reader, draft) => {
    draft.start = reader.u32('a function index');
  },
  [Section.Element]: (reader, draft) => {
    draft.elements = decodeElementSection(reader);
  },
  [Section.DataCount]: (reader, draft) => {
    draft.dataCount = reader.u32('the number of data segments');
  },
  [Section.Code]: (reader, draft) => {
    draft.bodies = decodeCodeSection(reader);
  },
  [Section.Data]: (reader, draft) => {
    draft.data = decodeDataSection(reader);
  },
};

/**
 * Decodes everything but instructions. The module keeps `bytes` (not a copy): they must not change.
 * @throws DecodeError FTW_MALFORMED, FTW_LIMIT or FTW_UNSUPPORTED, with section, offset and expectation
 */
export function decodeModule(bytes: Uint8Array): Module {
  checkHeader(bytes);
  checkLimit('moduleBytes', bytes.length, 'bytes of a module', 0);
  const draft = emptyModule(bytes);
  const customs: CustomSection[] = [];
  const reader = new ByteReader(bytes, HEADER_BYTES);
  let last: Section = Section.Custom;
  while (!reader.atEnd) {
    const idOffset = reader.pos;
    const id = reader.u8('a section id');
    if (!isSection(id)) throw reader.error('a section id (0 to 13)', `malformed section id ${id}`, idOffset);
    const section = sectionReader(reader, id);
    if (id === Section.Custom) customs.push(readCustom(section, last));
    else {
      checkOrder(last, id, idOffset);
      last = id;
      DECODERS[id](section, draft);
      checkConsumed(section);
    }
  }
  draft.customs = customs;
  checkCounts(draft);
  return draft;
}

function emptyModule(bytes: Uint8Array): Draft {
  return {
    bytes,
    types: [],
    imports: [],
    functions: new Uint32Array(0),
    tables: [],
    memories: [],
    tags: [],
    globals: [],
    exports: [],
    elements: [],
    bodies: [],
    data: [],
    customs: [],
  };
}

/** Tells apart the things that users hand us instead of a core module. */
function checkHeader(bytes: Uint8Array): void {
  const malformed = (offset: number, message: string) => new DecodeError('FTW_MALFORMED', offset, message);
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) {
    const shown = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const found = bytes.length === 0 ? 'is empty' : `starts with ${shown}${describeStart(bytes)}`;
    throw malformed(0, `not a wasm file: expected it to start with 00 61 73 6d ("\\0asm"), but it ${found}`);
  }
  if (bytes.length < HEADER_BYTES) throw malformed(4, 'expected a version, found the end of the input');
  const version = new ByteReader(bytes, 4, HEADER_BYTES).u32le();
  if (version === 1) return;
  if (version >>> 16 === 1) {
    throw new DecodeError(
      'FTW_UNSUPPORTED',
      4,
      'this is a component, not a core module: build it for wasip1, or extract its core module (wasm-tools component unbundle)',
    );
  }
  throw malformed(4, `expected binary format version 1, found ${version}`);
}

function describeStart(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes.subarray(0, 8));
  if (/^\s*\(module/.test(text)) return ' (text format: assemble it first, for example with wat2wasm)';
  if (text.startsWith('\x1f\x8b')) return ' (gzip: decompress it first)';
  if (text.startsWith('\x7fELF')) return ' (a native ELF program)';
  if (text.startsWith('version ')) return ' (perhaps a Git LFS pointer: fetch the real file)';
  return '';
}

function sectionReader(reader: ByteReader, id: Section): ByteReader {
  const name = sectionName(id);
  const size = reader.u32(`the size of the ${name}`);
  const start = reader.skip(size, `the ${name}`);
  return new ByteReader(reader.bytes, start, start + size, name);
}

function readCustom(section: ByteReader, after: Section): CustomSection {
  const name = section.name('the name of a custom section');
  return { name, data: { start: section.pos, end: section.end }, after };
}

function checkOrder(last: Section, id: Section, offset: number): void {
  if (last === Section.Custom || SECTION_ORDER.indexOf(id) > SECTION_ORDER.indexOf(last)) return;
  const problem = id === last ? `a second ${sectionName(id)}` : `the ${sectionName(id)}`;
  const expected = `a section that may follow the ${sectionName(last)}`;
  throw new DecodeError('FTW_MALFORMED', offset, `expected ${expected}, found ${problem} (unexpected section)`, {
    expected,
    found: problem,
  });
}

function checkConsumed(section: ByteReader): void {
  if (section.atEnd) return;
  throw section.error('the end of the section', `${section.remaining} more bytes (section size mismatch)`);
}

/** Counts that two sections must agree on (core spec 5.5.16). */
function checkCounts(module: Module): void {
  const { functions, bodies, data, dataCount, bytes } = module;
  const at = bytes.length;
  if (functions.length !== bodies.length) {
    const message = `function and code section have inconsistent lengths: ${functions.length} functions, ${bodies.length} bodies`;
    throw new DecodeError('FTW_MALFORMED', at, message, { expected: functions.length, found: bodies.length });
  }
  if (dataCount !== undefined && dataCount !== data.length) {
    const message = `data count and data section have inconsistent lengths: ${dataCount} announced, ${data.length} found`;
    throw new DecodeError('FTW_MALFORMED', at, message, { expected: dataCount, found: data.length });
  }
}
