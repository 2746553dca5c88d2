/** What validation of code and constant expressions may refer to (core spec 3.1.1, "Contexts"). */
import { DecodeError } from '../../errors.js';
import { immediatesAt, lebU32At, opcodeAt, skipImmediates } from '../instructions.js';
import type { ConstExpr, GlobalType, Module, TableType } from '../module.js';
import { ModuleNames } from '../names.js';
import { Op } from '../opcode.js';
import { allGlobals, allMemories, allTables, allTags, functionTypeIndices, importedFunctionCount } from '../spaces.js';
import { ControlStack, OperandStack } from './frames.js';

export interface ModuleContext {
  readonly module: Module;
  readonly names: ModuleNames;
  readonly importedFunctions: number;
  /** Type index of every function, imports first. */
  readonly functions: Uint32Array;
  readonly tables: readonly TableType[];
  readonly memoryCount: number;
  readonly globals: readonly GlobalType[];
  /** Globals that constant expressions may read: the imported ones. */
  readonly importedGlobals: number;
  readonly tags: readonly number[];
  /** Functions that `ref.func` may name in code: those that occur outside of function bodies. */
  readonly declaredFunctions: ReadonlySet<number>;
  /** Stacks of the function being validated, kept so that each function does not make its own. */
  readonly operands: OperandStack;
  readonly control: ControlStack;
}

export function createContext(module: Module): ModuleContext {
  const globals = allGlobals(module);
  return {
    module,
    names: new ModuleNames(module),
    importedFunctions: importedFunctionCount(module),
    functions: functionTypeIndices(module),
    tables: allTables(module),
    memoryCount: allMemories(module).length,
    globals,
    importedGlobals: globals.length - module.globals.length,
    tags: allTags(module),
    declaredFunctions: declaredFunctions(module),
    operands: new OperandStack(),
    control: new ControlStack(),
  };
}

/** Function indices in exports, element segments and global initialisers (core spec 3.4.10, `C.refs`). */
function declaredFunctions(module: Module): Set<number> {
  const declared = new Set<number>();
  for (const { kind, index } of module.exports) if (kind === 'func') declared.add(index);
  for (const { init } of module.globals) collectRefs(module.bytes, init, declared);
  for (const { items } of module.elements) {
    if (items.kind === 'funcs') for (const index of items.indices) declared.add(index);
    else for (const expr of items.exprs) collectRefs(module.bytes, expr, declared);
  }
  return declared;
}

function collectRefs(moduleBytes: Uint8Array, expr: ConstExpr, into: Set<number>): void {
  const bytes = expr.source ?? moduleBytes;
  for (let pos = expr.start; pos < expr.end; ) {
    const op = opcodeAt(bytes, pos);
    const immediates = immediatesAt(bytes, pos);
    if (op === Op.RefFunc) into.add(lebU32At(bytes, immediates));
    pos = skipImmediates(bytes, op, immediates);
  }
}

/** A validation failure outside of code. `where` names the thing at fault. */
export function invalidModule(where: string, expected: string, found: string, offset: number): DecodeError {
  return new DecodeError('FTW_INVALID', offset, `${where}: expected ${expected}, found ${found}`, {
    where,
    expected,
    found,
  });
}
