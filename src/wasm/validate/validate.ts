/** Validation of modules (core spec 3.4): everything outside of code first, then every function body. */
import { checkLimit, LIMITS } from '../limits.js';
import { type ElementSegment, type ExternKind, type Limits, type Module, type TableType, ValType } from '../module.js';
import { refused } from '../refused.js';
import { declarationOffset, Section, sectionOffset } from '../sections.js';
import { allMemories } from '../spaces.js';
import { funcTypeName, typeName } from '../type-names.js';
import { validateConstExpr } from './const-expr.js';
import { createContext, invalidModule, type ModuleContext } from './context.js';
import { validateFunction } from './function.js';

/**
 * Checks that a decoded module is valid and uses only supported features.
 * @throws DecodeError FTW_INVALID, FTW_UNSUPPORTED, FTW_MALFORMED or FTW_LIMIT with offset, expectation and finding
 */
export function validateModule(module: Module): void {
  const context = validateDeclarations(module);
  for (let index = 0; index < module.bodies.length; index++) validateFunction(context, index);
}

/** Checks everything but code; returns the context with which {@link validateFunction} can check functions one by one. */
export function validateDeclarations(module: Module): ModuleContext {
  checkTypeIndices(module);
  const context = createContext(module);
  checkTables(context);
  checkMemories(module);
  checkTags(context);
  for (const [index, { global, init }] of module.globals.entries()) {
    validateConstExpr(context, init, global.type, `global ${context.importedGlobals + index}`);
  }
  checkExports(context);
  checkStart(context);
  for (const [index, segment] of module.elements.entries()) checkElement(context, segment, index);
  checkData(context);
  return context;
}

/** Every type index of imports, functions and tags; before the context is made, which looks them up. */
function checkTypeIndices(module: Module): void {
  const count = module.types.length;
  const check = (index: number, where: string, offset: number) => {
    if (index < count) return;
    throw invalidModule(where, `a type index below ${count}`, `unknown type ${index}`, offset);
  };
  for (const { desc, module: from, name, offset } of module.imports) {
    if ('typeIndex' in desc) check(desc.typeIndex, `import ${from}.${name}`, offset);
  }
  for (let at = 0; at < module.functions.length; at++) {
    check(module.functions[at]!, `defined function ${at}`, module.bodies[at]!.body.start);
  }
  const tagOffset = sectionOffset(module.bytes, Section.Tag);
  for (const [at, tag] of module.tags.entries()) check(tag.typeIndex, `defined tag ${at}`, tagOffset);
}

function checkBounds(limits: Limits, max: number, where: string, unit: string, offset: number): void {
  for (const bound of [limits.min, limits.max ?? 0]) {
    if (bound > max) throw invalidModule(where, `a size of at most ${max} ${unit}`, `${bound} ${unit}`, offset);
  }
  if (limits.max !== undefined && limits.min > limits.max) {
    throw invalidModule(where, 'a minimum size not above the maximum', `${limits.min} above ${limits.max}`, offset);
  }
}

function checkTable({ limits }: TableType, where: string, offset: number): void {
  if (limits.is64) throw refused('memory64', where, offset);
  if (limits.shared) throw refused('shared-memory', where, offset);
  checkBounds(limits, 0xffffffff, where, 'elements', offset);
  checkLimit('tableElements', limits.min, 'initial elements of a table', offset);
}

function checkTables(context: ModuleContext): void {
  const offset = declarationOffset(context.module.bytes, Section.Table);
  for (const [index, table] of context.tables.entries()) checkTable(table, `table ${index}`, offset);
}

function checkMemories(module: Module): void {
  const offset = declarationOffset(module.bytes, Section.Memory);
  for (const [index, limits] of allMemories(module).entries()) {
    const where = `memory ${index}`;
    if (limits.is64) throw refused('memory64', where, offset);
    if (limits.shared) throw refused('shared-memory', where, offset);
    checkBounds(limits, LIMITS.memoryPages, where, 'pages', offset);
  }
}

function checkTags(context: ModuleContext): void {
  const offset = declarationOffset(context.module.bytes, Section.Tag);
  for (const [index, typeIndex] of context.tags.entries()) {
    const type = context.module.types[typeIndex]!;
    if (type.results.length > 0)
      throw invalidModule(`tag ${index}`, 'a type without results', funcTypeName(type), offset);
  }
}

function checkExports(context: ModuleContext): void {
  const counts: Record<ExternKind, number> = {
    func: context.functions.length,
    table: context.tables.length,
    memory: context.memoryCount,
    global: context.globals.length,
    tag: context.tags.length,
  };
  const seen = new Set<string>();
  const offset = sectionOffset(context.module.bytes, Section.Export);
  for (const { name, kind, index } of context.module.exports) {
    const where = `export ${JSON.stringify(name)}`;
    if (seen.has(name)) throw invalidModule(where, 'unique export names', 'a duplicate export name', offset);
    seen.add(name);
    if (index >= counts[kind]) {
      throw invalidModule(where, `a ${kind} index below ${counts[kind]}`, `unknown ${kind} ${index}`, offset);
    }
  }
}

function checkStart(context: ModuleContext): void {
  const { module, functions } = context;
  if (module.start === undefined) return;
  const offset = sectionOffset(module.bytes, Section.Start);
  const typeIndex = functions[module.start];
  if (typeIndex === undefined) {
    throw invalidModule(
      'start',
      `a function index below ${functions.length}`,
      `unknown function ${module.start}`,
      offset,
    );
  }
  const type = module.types[typeIndex]!;
  if (type.params.length + type.results.length > 0) {
    throw invalidModule('start', 'a function of type [] -> []', funcTypeName(type), offset);
  }
}

function checkElement(context: ModuleContext, segment: ElementSegment, index: number): void {
  const where = `element segment ${index}`;
  const { items, type, offset } = segment;
  if (offset !== undefined) {
    const table = context.tables[segment.tableIndex];
    if (table === undefined) {
      throw invalidModule(where, 'an existing table', `unknown table ${segment.tableIndex}`, offset.start);
    }
    if (table.element !== type) {
      throw invalidModule(where, `elements of type ${typeName(table.element)}`, typeName(type), offset.start);
    }
    validateConstExpr(context, offset, ValType.I32, `${where} offset`);
  }
  if (items.kind === 'exprs') {
    for (const expr of items.exprs) validateConstExpr(context, expr, type, where);
    return;
  }
  const count = context.functions.length;
  for (const item of items.indices) {
    if (item < count) continue;
    const at = offset?.start ?? sectionOffset(context.module.bytes, Section.Element);
    throw invalidModule(where, `function indices below ${count}`, `unknown function ${item}`, at);
  }
}

function checkData(context: ModuleContext): void {
  for (const [index, { offset, memoryIndex, data }] of context.module.data.entries()) {
    if (offset === undefined) continue;
    const where = `data segment ${index}`;
    if (memoryIndex >= context.memoryCount) {
      throw invalidModule(where, 'an existing memory', `unknown memory ${memoryIndex}`, data.start);
    }
    validateConstExpr(context, offset, ValType.I32, `${where} offset`);
  }
}
