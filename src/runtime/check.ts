/** Whether a module can be replicated, and why: its features, what it imports, and every source of non-determinism in it. Pure. */

import { CALL_TABLE, type CallRow } from '../wasi/table.js';
import { formatType, sameType } from '../wasi/tables/signature.js';
import { decodeModule } from '../wasm/decode/index.js';
import { type FeatureUse, scanFeatures } from '../wasm/features.js';
import type { FuncType, Import, Module } from '../wasm/module.js';
import { ModuleNames } from '../wasm/names.js';
import { validateModule } from '../wasm/validate/index.js';
import { type CodeFindings, type CodeSource, findInCode, type Occurrences } from './check-code.js';
import { CODE_RULES, importRule, type SourceRule } from './check-sources.js';

export interface CheckedFeature extends FeatureUse {
  readonly functionName?: string;
}

export interface CheckedImport {
  readonly module: string;
  readonly name: string;
  readonly kind: string;
  /** pure, input, output, or descriptor (one of them, by what the file descriptor is); null if nothing provides it. */
  readonly class: string | null;
  /** Calls by name; calls through a table are not seen. */
  readonly calls: Occurrences;
}

export interface CheckedSource extends SourceRule, Occurrences {
  /** The imports concerned, if it comes from outside. */
  readonly imports: readonly string[];
}

export interface ModuleCheck {
  readonly replicable: boolean;
  /** Everything that is in the way, one line each. */
  readonly problems: readonly string[];
  readonly functions: number;
  readonly features: readonly CheckedFeature[];
  readonly imports: readonly CheckedImport[];
  readonly sources: readonly CheckedSource[];
}

const NOWHERE: Occurrences = { count: 0, places: [] };

/** @throws DecodeError for a module that is malformed or invalid */
export function checkModule(bytes: Uint8Array): ModuleCheck {
  const module = decodeModule(bytes);
  const names = new ModuleNames(module);
  const features = scanFeatures(module).map((use) => withName(use, names));
  const refused = features.filter(({ refusal }) => refusal !== undefined);
  // The validator refuses the same features, one by one; what is listed here is said once.
  if (refused.length === 0) validateModule(module);
  const findings = findInCode(module, names);
  const imports = checkImports(module, findings);
  const problems = [
    ...refused.map((use) => `${use.what} needs ${use.feature}, ${placeOf(use, names)}: ${use.refusal}`),
    ...module.imports.flatMap((entry) => importProblem(module, entry) ?? []),
    ...entryProblems(module),
  ];
  const sources = [...importSources(imports), ...codeSources(findings)];
  return { replicable: problems.length === 0, problems, functions: module.bodies.length, features, imports, sources };
}

function withName(use: FeatureUse, names: ModuleNames): CheckedFeature {
  const name = use.functionIndex === undefined ? undefined : names.functionName(use.functionIndex);
  return name === undefined ? use : { ...use, functionName: name };
}

function placeOf({ offset }: FeatureUse, names: ModuleNames): string {
  return `in ${names.describeOffset(offset)}`.replace(/^in offset/, 'at offset');
}

/** The row that serves an import: some calls exist with several signatures. */
function rowOf(from: string, name: string, type: FuncType | undefined): CallRow | undefined {
  const rows = CALL_TABLE.filter((row) => row.module === from && row.function === name);
  return rows.find((row) => type !== undefined && sameType(row.type, type)) ?? rows[0];
}

function checkImports(module: Module, findings: CodeFindings): CheckedImport[] {
  let functions = 0;
  return module.imports.map(({ module: from, name, desc }) => ({
    module: from,
    name,
    kind: desc.kind,
    class: desc.kind === 'func' ? (rowOf(from, name, module.types[desc.typeIndex])?.class ?? null) : null,
    calls: desc.kind === 'func' ? findings.calls[functions++]! : NOWHERE,
  }));
}

function importProblem(module: Module, { module: from, name, desc, offset }: Import): string | undefined {
  const at = `at offset 0x${offset.toString(16)}`;
  if (desc.kind !== 'func') return `import ${from}.${name} ${at} is a ${desc.kind}; only functions are provided`;
  const type: FuncType = module.types[desc.typeIndex]!;
  const row = rowOf(from, name, type);
  if (row === undefined) return `import ${from}.${name} ${at}: nothing provides it`;
  if (sameType(row.type, type)) return undefined;
  return `import ${row.name} ${at} is declared as ${formatType(type)}, but it is ${formatType(row.type)}`;
}

function entryProblems(module: Module): string[] {
  const hasEntry = module.exports.some(({ kind, name }) => kind === 'func' && name === '_start');
  return hasEntry || module.start !== undefined
    ? []
    : ['it has neither a _start export nor a start function: nothing would run'];
}

/** Imports grouped by what is done about them, in order of first import. */
function importSources(imports: readonly CheckedImport[]): CheckedSource[] {
  const groups = new Map<SourceRule, CheckedImport[]>();
  for (const entry of imports) {
    const rule = entry.class === null ? undefined : importRule(entry.name);
    if (rule !== undefined) groups.set(rule, [...(groups.get(rule) ?? []), entry]);
  }
  return [...groups].map(([rule, entries]) => ({
    ...rule,
    imports: entries.map(({ module, name }) => `${module}.${name}`),
    count: entries.reduce((sum, { calls }) => sum + calls.count, 0),
    places: entries.flatMap(({ calls }) => calls.places),
  }));
}

function codeSources({ sources }: CodeFindings): CheckedSource[] {
  return Object.entries(sources)
    .filter(([, { count }]) => count > 0)
    .map(([source, { count, places }]) => ({ ...CODE_RULES[source as CodeSource], imports: [], count, places }));
}
