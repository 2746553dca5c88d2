/** One walk over a module's code: where the host is called, and where something happens that another machine might do otherwise. */
import { recursionOf } from '../inject/call-graph.js';
import { NAN_RULES, NanRule } from '../inject/nan-rules.js';
import { Recursion } from '../inject/recursion.js';
import { InstructionReader, lebU32At } from '../wasm/instructions.js';
import type { Module } from '../wasm/module.js';
import type { ModuleNames } from '../wasm/names.js';
import { FLAT_OPCODES, Imm, Op } from '../wasm/opcode.js';
import { IMMEDIATE_OF } from '../wasm/opcode-lookup.js';
import { OPCODES } from '../wasm/opcodes.js';
import { functionTypeIndices, importedFunctionCount } from '../wasm/spaces.js';
import type { GuestPlace } from './guest/protocol.js';

/** Places that are listed one by one; the rest are counted. */
const PLACES_MAX = 8;

/** How often something occurs, and where first. */
export interface Occurrences {
  readonly count: number;
  /** The first ones, in order of offset. */
  readonly places: readonly GuestPlace[];
}

export type CodeSource = 'nan' | 'memory-growth' | 'table-growth' | 'recursion';

export interface CodeFindings {
  /** Direct calls by index of the imported function. */
  readonly calls: readonly Occurrences[];
  readonly sources: Readonly<Record<CodeSource, Occurrences>>;
}

/** Rules of operators that can answer a NaN which was not an operand. */
const MAKING: readonly NanRule[] = [
  ...[NanRule.Arithmetic, NanRule.F32x4, NanRule.F64x2, NanRule.Demote, NanRule.Promote],
];
const MAKES_NAN = new Set(MAKING.flatMap((rule) => NAN_RULES.get(rule) ?? []));

/** What an opcode is a source of. */
const SOURCE_OF: readonly (CodeSource | undefined)[] = (() => {
  const sources: (CodeSource | undefined)[] = new Array(FLAT_OPCODES).fill(undefined);
  for (const { op, name } of OPCODES) if (MAKES_NAN.has(name)) sources[op] = 'nan';
  sources[Op.MemoryGrow] = 'memory-growth';
  sources[Op.TableGrow] = 'table-growth';
  return sources;
})();

/** Finds everything in one pass. @throws DecodeError on code that cannot be read */
export function findInCode(module: Module, names: ModuleNames): CodeFindings {
  const imports = importedFunctionCount(module);
  const calls = Array.from({ length: imports }, () => new Finding(names));
  const sources: Record<CodeSource, Finding> = {
    nan: new Finding(names),
    'memory-growth': new Finding(names),
    'table-growth': new Finding(names),
    recursion: new Finding(names),
  };
  for (const [at, { code }] of module.bodies.entries()) {
    const reader = new InstructionReader(code.source ?? module.bytes, code);
    while (reader.next()) {
      const { op, start } = reader;
      const source = SOURCE_OF[op];
      if (source !== undefined) sources[source].add(imports + at, start);
      else if (op === Op.Call || op === Op.ReturnCall) {
        calls[lebU32At(reader.bytes, reader.immediates)]?.add(imports + at, start);
      } else if (IMMEDIATE_OF[op] === Imm.Opaque) break;
    }
  }
  const recursion = recursionOf(module, functionTypeIndices(module));
  for (const [index, is] of recursion.entries()) {
    if (is !== Recursion.None) sources.recursion.add(index, module.bodies[index - imports]!.code.start);
  }
  return { calls, sources };
}

class Finding implements Occurrences {
  count = 0;
  readonly places: GuestPlace[] = [];
  readonly #names: ModuleNames;

  constructor(names: ModuleNames) {
    this.#names = names;
  }

  add(functionIndex: number, offset: number): void {
    if (this.count++ >= PLACES_MAX) return;
    const functionName = this.#names.functionName(functionIndex);
    this.places.push({ functionIndex, ...(functionName === undefined ? {} : { functionName }), offset });
  }
}
