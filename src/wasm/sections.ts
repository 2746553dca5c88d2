import { ByteReader } from '../bytes/reader.js';

/** Section ids (core spec 5.5.2; the tag section is from the exception-handling proposal) and their order. */
export const Section = {
  Custom: 0,
  Type: 1,
  Import: 2,
  Function: 3,
  Table: 4,
  Memory: 5,
  Global: 6,
  Export: 7,
  Start: 8,
  Element: 9,
  Code: 10,
  Data: 11,
  DataCount: 12,
  Tag: 13,
} as const;
export type Section = (typeof Section)[keyof typeof Section];

const NAMES: Record<Section, string> = {
  [Section.Custom]: 'custom',
  [Section.Type]: 'type',
  [Section.Import]: 'import',
  [Section.Function]: 'function',
  [Section.Table]: 'table',
  [Section.Memory]: 'memory',
  [Section.Global]: 'global',
  [Section.Export]: 'export',
  [Section.Start]: 'start',
  [Section.Element]: 'element',
  [Section.Code]: 'code',
  [Section.Data]: 'data',
  [Section.DataCount]: 'data count',
  [Section.Tag]: 'tag',
};

/** The order in which sections must appear: not the order of their ids. */
export const SECTION_ORDER: readonly Section[] = [
  Section.Type,
  Section.Import,
  Section.Function,
  Section.Table,
  Section.Memory,
  Section.Tag,
  Section.Global,
  Section.Export,
  Section.Start,
  Section.Element,
  Section.DataCount,
  Section.Code,
  Section.Data,
];

export function isSection(id: number): id is Section {
  return id in NAMES;
}

/** "type section" and the like, for messages. */
export function sectionName(id: Section): string {
  return `${NAMES[id]} section`;
}

/** Offset of the first section with this id in a module that decodes, for messages; 0 if there is none. */
export function sectionOffset(bytes: Uint8Array, id: Section): number {
  const reader = new ByteReader(bytes, 8);
  while (!reader.atEnd) {
    const offset = reader.pos;
    if (reader.u8() === id) return offset;
    reader.skip(reader.u32(), 'a section');
  }
  return 0;
}

/** Like {@link sectionOffset}; falls back to the import section, for things that can also be imported. */
export function declarationOffset(bytes: Uint8Array, id: Section): number {
  return sectionOffset(bytes, id) || sectionOffset(bytes, Section.Import);
}
