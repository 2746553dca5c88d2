/** What a module needs: features and opcodes by name, with the first place where each is used. */
import { InstructionReader, immediatesAt, MEMARG_HAS_MEMORY, opcodeAt, skipImmediates } from './instructions.js';
import { type ConstExpr, type Module, ValType } from './module.js';
import { FLAT_OPCODES, Imm, type Opcode } from './opcode.js';
import { IMMEDIATE_OF, opcodeName } from './opcode-lookup.js';
import { OPCODES } from './opcodes.js';
import { type ModuleFeature, REFUSALS, refused } from './refused.js';
import { declarationOffset, Section, sectionOffset } from './sections.js';
import { allGlobals, allMemories, allTables, importedFunctionCount } from './spaces.js';

/** The first use of a feature. */
export interface FeatureUse {
  readonly feature: ModuleFeature;
  /** The opcode or construct that needs it. */
  readonly what: string;
  /** Byte offset in the module. */
  readonly offset: number;
  /** Present when it is an instruction. */
  readonly functionIndex?: number;
  /** Why the feature is refused; absent if it is supported. */
  readonly refusal?: string;
}

/** How often an opcode occurs in the code section, and where first. */
export interface OpcodeUse {
  readonly opcode: Opcode;
  readonly count: number;
  readonly offset: number;
  readonly functionIndex: number;
}

/** Counts the instructions of a decoded module by opcode. @throws DecodeError on code that cannot be read */
export function scanOpcodes(module: Module): OpcodeUse[] {
  return scanCode(module, () => {});
}

/**
 * One walk over the code section. `onAccess` is told of memory accesses that name their memory. What follows an
 * instruction of unknown shape in its function is left out.
 */
function scanCode(module: Module, onAccess: (op: number, offset: number, functionIndex: number) => void): OpcodeUse[] {
  const counts = new Float64Array(FLAT_OPCODES);
  const firstOffset = new Float64Array(FLAT_OPCODES);
  const firstFunction = new Uint32Array(FLAT_OPCODES);
  const imports = importedFunctionCount(module);
  for (const [index, { code }] of module.bodies.entries()) {
    const reader = new InstructionReader(code.source ?? module.bytes, code);
    while (reader.next()) {
      const { op } = reader;
      if (counts[op]!++ === 0) {
        firstOffset[op] = reader.start;
        firstFunction[op] = imports + index;
      }
      const kind = IMMEDIATE_OF[op];
      if (kind === Imm.Opaque) break;
      const isAccess = kind === Imm.MemArg || kind === Imm.MemArgLane;
      if (isAccess && reader.bytes[reader.immediates]! & MEMARG_HAS_MEMORY) onAccess(op, reader.start, imports + index);
    }
  }
  const uses: OpcodeUse[] = [];
  for (const opcode of OPCODES) {
    const { op } = opcode;
    if (counts[op] === 0) continue;
    uses.push({ opcode, count: counts[op]!, offset: firstOffset[op]!, functionIndex: firstFunction[op]! });
  }
  return uses;
}

/** Every feature that a decoded module uses, in order of first use. @throws DecodeError on code that cannot be read */
export function scanFeatures(module: Module): FeatureUse[] {
  return scan(module, (note) => {
    // An access that names its memory is multi-memory, even if it names memory 0.
    const uses = scanCode(module, (op, offset, index) => note('multi-memory', opcodeName(op), offset, index));
    for (const { opcode, offset, functionIndex } of uses) note(opcode.feature, opcode.name, offset, functionIndex);
  });
}

function scan(module: Module, noteCode: (note: Note) => void): FeatureUse[] {
  const first = new Map<ModuleFeature, FeatureUse>();
  const note = (feature: ModuleFeature, what: string, offset: number, functionIndex?: number) => {
    const known = first.get(feature);
    if (known !== undefined && known.offset <= offset) return;
    const refusal = REFUSALS[feature];
    first.set(feature, {
      feature,
      what,
      offset,
      ...(functionIndex === undefined ? {} : { functionIndex }),
      ...(refusal === undefined ? {} : { refusal }),
    });
  };
  noteDeclarations(module, note);
  noteCode(note);
  return [...first.values()].sort((a, b) => a.offset - b.offset);
}

/** @throws DecodeError FTW_UNSUPPORTED for the first use of a feature that is refused */
export function assertSupported(module: Module): void {
  refuseFirst(scanFeatures(module));
}

/** The same without looking at instructions. @throws DecodeError FTW_UNSUPPORTED */
export function assertDeclarationsSupported(module: Module): void {
  refuseFirst(scan(module, () => {}));
}

function refuseFirst(uses: readonly FeatureUse[]): void {
  const use = uses.find(({ refusal }) => refusal !== undefined);
  if (use !== undefined) throw refused(use.feature, use.what, use.offset, use.functionIndex);
}

type Note = (feature: ModuleFeature, what: string, offset: number, functionIndex?: number) => void;

function noteDeclarations(module: Module, note: Note): void {
  const at = (id: Section) => declarationOffset(module.bytes, id);
  if (module.types.some((type) => type.results.length > 1)) {
    note('multi-value', 'a type with several results', at(Section.Type));
  }
  const memories = allMemories(module);
  if (memories.length > 1) note('multi-memory', `${memories.length} memories`, at(Section.Memory));
  for (const [index, memory] of memories.entries()) {
    if (memory.shared) note('shared-memory', `memory ${index}`, at(Section.Memory));
    if (memory.is64) note('memory64', `memory ${index}`, at(Section.Memory));
  }
  const tables = allTables(module);
  if (tables.length > 1 || tables.some((table) => table.element !== ValType.FuncRef)) {
    note('reference-types', 'tables other than one of funcref', at(Section.Table));
  }
  for (const [index, { limits }] of tables.entries()) {
    if (limits.shared) note('shared-memory', `table ${index}`, at(Section.Table));
    if (limits.is64) note('memory64', `table ${index}`, at(Section.Table));
  }
  noteGlobals(module, note);
  noteSegments(module, note);
}

function noteGlobals(module: Module, note: Note): void {
  for (const { desc, module: from, name, offset } of module.imports) {
    if (desc.kind === 'global' && desc.global.mutable) note('mutable-globals', `import ${from}.${name}`, offset);
  }
  const globals = allGlobals(module);
  const exported = module.exports.find(({ kind, index }) => kind === 'global' && globals[index]?.mutable);
  if (exported === undefined) return;
  note('mutable-globals', `export ${exported.name}`, sectionOffset(module.bytes, Section.Export));
}

function noteSegments(module: Module, note: Note): void {
  const { globals, elements, data } = module;
  const offsets = [...elements, ...data].flatMap(({ offset }) => offset ?? []);
  for (const expr of [...globals.map(({ init }) => init), ...offsets]) {
    if (isExtended(module, expr)) note('extended-const', 'a constant expression', expr.start);
  }
  const passive = data.find(({ mode }) => mode === 'passive');
  if (passive !== undefined) note('bulk-memory', 'a passive data segment', passive.data.start);
  if (elements.some(({ mode }) => mode !== 'active')) {
    note('bulk-memory', 'a passive or declarative element segment', sectionOffset(module.bytes, Section.Element));
  }
}

/** Constant expressions of WebAssembly 2.0 are one instruction and `end`. */
function isExtended(module: Module, expr: ConstExpr): boolean {
  const bytes = expr.source ?? module.bytes;
  const first = skipImmediates(bytes, opcodeAt(bytes, expr.start), immediatesAt(bytes, expr.start));
  return first < expr.end - 1;
}
