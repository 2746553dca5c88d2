/**
 * The name section (core spec, appendix "Custom Sections"), read lazily and leniently: names are for people, so a
 * damaged name section must never make a good module unusable. Also maps code offsets to functions.
 */
import { ByteReader } from '../bytes/reader.js';
import type { ByteWriter } from '../bytes/writer.js';
import { DecodeError } from '../errors.js';
import type { Module, Range } from './module.js';
import { importedFunctionCount } from './spaces.js';

const Subsection = { Module: 0, Function: 1, Local: 2, Label: 3 } as const;

export class ModuleNames {
  private readonly module: Module;
  private functions: Map<number, string> | undefined;
  private locals: Map<number, Map<number, string>> | undefined;

  constructor(module: Module) {
    this.module = module;
  }

  /** The function's own name: from the name section, else an import or export name; undefined if it has none. */
  functionName(index: number): string | undefined {
    this.functions ??= this.readFunctionNames();
    return this.functions.get(index);
  }

  /** `function 12 "main"`, for messages. */
  describeFunction(index: number): string {
    const name = this.functionName(index);
    return name === undefined ? `function ${index}` : `function ${index} "${name}"`;
  }

  /** Name of a parameter or local of a function, if the producer wrote one. */
  localName(functionIndex: number, localIndex: number): string | undefined {
    this.locals ??= this.readLocalNames();
    return this.locals.get(functionIndex)?.get(localIndex);
  }

  /** Index (imports included) of the defined function whose body holds `offset`, a byte offset in the module. */
  functionAt(offset: number): number | undefined {
    const { bodies } = this.module;
    let low = 0;
    let high = bodies.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bodies[middle]!.body.end <= offset) low = middle + 1;
      else high = middle;
    }
    const body = bodies[low]?.body;
    if (body === undefined || offset < body.start) return undefined;
    return importedFunctionCount(this.module) + low;
  }

  /** `function 12 "main" at offset 0x1f3`, or only the offset when it lies outside of code. */
  describeOffset(offset: number): string {
    const index = this.functionAt(offset);
    const where = `offset 0x${offset.toString(16)}`;
    return index === undefined ? where : `${this.describeFunction(index)} at ${where}`;
  }

  private readFunctionNames(): Map<number, string> {
    const names = new Map<number, string>();
    for (const { name, kind, index } of this.module.exports) {
      if (kind === 'func') names.set(index, name);
    }
    let index = 0;
    for (const { module, name, desc } of this.module.imports) {
      if (desc.kind === 'func') names.set(index++, `${module}.${name}`);
    }
    this.readSubsection(Subsection.Function, (reader) => readNameMap(reader, names));
    return names;
  }

  private readLocalNames(): Map<number, Map<number, string>> {
    const byFunction = new Map<number, Map<number, string>>();
    this.readSubsection(Subsection.Local, (reader) => {
      for (let count = reader.count('functions with names', 2); count > 0; count--) {
        const names = new Map<number, string>();
        byFunction.set(reader.u32(), names);
        readNameMap(reader, names);
      }
    });
    return byFunction;
  }

  /** Runs `read` on one subsection; whatever was read before an error in it stays. */
  private readSubsection(id: number, read: (reader: ByteReader) => void): void {
    const custom = this.module.customs.find((section) => section.name === 'name');
    if (custom === undefined) return;
    const bytes = custom.data.source ?? this.module.bytes;
    lenient(() => {
      for (const subsection of subsections(bytes, custom.data)) {
        if (subsection.id === id) read(new ByteReader(bytes, subsection.start, subsection.end, 'name section'));
      }
    });
  }
}

function readNameMap(reader: ByteReader, names: Map<number, string>): void {
  for (let count = reader.count('names', 2); count > 0; count--) {
    const index = reader.u32();
    names.set(index, reader.name('a name'));
  }
}

function lenient(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

function* subsections(bytes: Uint8Array, range: Range): Generator<Range & { id: number }> {
  const reader = new ByteReader(bytes, range.start, range.end, 'name section');
  while (!reader.atEnd) {
    const id = reader.u8();
    const size = reader.u32();
    const start = reader.skip(size, 'a name subsection');
    yield { id, start, end: start + size };
  }
}

/**
 * Copies a name section with function indices moved by `map`. Subsections that cannot be
 * read are left out: a wrong name misleads more than a missing one.
 */
export function remapNameSection(
  out: ByteWriter,
  bytes: Uint8Array,
  range: Range,
  map: (index: number) => number,
): void {
  lenient(() => {
    for (const { id, start, end } of subsections(bytes, range)) {
      const before = out.length;
      out.u8(id);
      const mark = out.openSized();
      try {
        const reader = new ByteReader(bytes, start, end, 'name section');
        if (id === Subsection.Function) remapEntries(out, reader, map, skipName);
        else if (id === Subsection.Local || id === Subsection.Label) remapEntries(out, reader, map, skipNameMap);
        else out.copy(bytes, start, end);
        out.closeSized(mark);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        out.truncate(before);
      }
    }
  });
}

/** A vector of (function index, something that `skip` steps over), in the order of the new indices as the format wants it. */
function remapEntries(
  out: ByteWriter,
  reader: ByteReader,
  map: (index: number) => number,
  skip: (reader: ByteReader) => void,
): void {
  const entries: { readonly index: number; readonly start: number; readonly end: number }[] = [];
  for (let count = reader.count('names', 2); count > 0; count--) {
    const index = map(reader.u32());
    const start = reader.pos;
    skip(reader);
    entries.push({ index, start, end: reader.pos });
  }
  entries.sort((one, other) => one.index - other.index);
  out.u32(entries.length);
  for (const { index, start, end } of entries) {
    out.u32(index);
    out.copy(reader.bytes, start, end);
  }
}

function skipName(reader: ByteReader): void {
  reader.skip(reader.u32(), 'a name');
}

function skipNameMap(reader: ByteReader): void {
  for (let count = reader.count('names', 2); count > 0; count--) {
    reader.u32();
    skipName(reader);
  }
}
