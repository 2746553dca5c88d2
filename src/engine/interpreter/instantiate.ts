/** Instantiation (core spec 4.5.4): allocate everything in a machine, then place the active segments. */
import type { FuncType, FunctionBody, Module } from '../../wasm/module.js';
import { functionTypeIndices } from '../../wasm/spaces.js';
import type { InstanceOptions } from '../engine.js';
import { type ConstEnv, evaluate, lowWord } from './const-expr.js';
import type { InterpreterExtern } from './externs.js';
import { State } from './generated/abi.js';
import { HelperTrap, memoryInit, tableInit } from './helpers.js';
import type { Resolved } from './linker.js';
import type { Machine } from './machine.js';
import { PAGE } from './memory.js';
import type { ModuleEnv } from './translate/env.js';

const GLOBAL_BYTES = 16;

/** An instance's index spaces as addresses; what the translator and the exports need. */
export class InstanceSpaces implements ModuleEnv, ConstEnv {
  readonly functionTypes: readonly FuncType[];
  readonly functionRefs: Uint32Array;
  readonly globals: { type: number; address: number }[] = [];
  readonly tables: number[] = [];
  readonly tableTypes: number[] = [];
  readonly typeIds: Uint32Array;
  readonly firstData: number;
  readonly firstElement: number;
  /** Functions, tables, memories or globals of other instances are imported; {@link allocate} finds out. */
  importsInstances = false;

  constructor(
    readonly module: Module,
    readonly machine: Machine,
    private readonly recursion: () => Uint8Array,
  ) {
    const { functions, segments } = machine;
    this.functionTypes = [...functionTypeIndices(module)].map((index) => module.types[index]!);
    this.functionRefs = new Uint32Array(this.functionTypes.length);
    this.typeIds = Uint32Array.from(module.types, (type) => functions.typeId(type));
    this.firstData = segments.data.length;
    this.firstElement = segments.elements.length;
  }

  /** What happens here is not this instance's business alone. */
  get isLinked(): boolean {
    return this.importsInstances || this.machine.instances > 1;
  }

  recursionOf(functionIndex: number): number {
    return this.recursion()[functionIndex]!;
  }

  /** Undefined for imported functions, and for those that do not exist. */
  bodyOf(functionIndex: number): FunctionBody | undefined {
    const { bodies } = this.module;
    return bodies[functionIndex - (this.functionTypes.length - bodies.length)];
  }

  entryOf(ref: number): number {
    return this.machine.functions.entry(ref);
  }

  isHost(ref: number): boolean {
    return this.machine.functions.definition(ref).kind === 'host';
  }

  global(index: number): Uint8Array {
    const { address } = this.globals[index]!;
    return this.machine.memory.u8.subarray(address, address + GLOBAL_BYTES);
  }

  functionRef(index: number): number {
    return this.functionRefs[index]!;
  }
}

/** Allocates an instance in `machine`; nothing of it has run or trapped yet. */
export function allocate(
  module: Module,
  machine: Machine,
  resolved: readonly Resolved[],
  options: InstanceOptions,
  recursion: () => Uint8Array,
): InstanceSpaces {
  const spaces = new InstanceSpaces(module, machine, recursion);
  machine.instances++;
  spaces.importsInstances = resolved.some((each) => 'extern' in each);
  const imported = importAll(spaces, resolved);
  for (let index = imported; index < spaces.functionRefs.length; index++) {
    const type = spaces.functionTypes[index]!;
    spaces.functionRefs[index] = machine.functions.add({ kind: 'guest', type, env: spaces, index });
  }
  addTables(spaces, options);
  addMemory(spaces);
  for (const { global, init } of module.globals) {
    const value = evaluate(module, init, spaces);
    addGlobal(spaces, global.type, value);
  }
  addSegments(spaces);
  return spaces;
}

function importAll(spaces: InstanceSpaces, resolved: readonly Resolved[]): number {
  let functions = 0;
  for (const each of resolved) {
    if (each.entry.desc.kind === 'func') spaces.functionRefs[functions] = importFunction(spaces, functions++, each);
    else if ('extern' in each) importExtern(spaces, each.extern);
  }
  return functions;
}

function importFunction({ machine, functionTypes }: InstanceSpaces, index: number, each: Resolved): number {
  const type = functionTypes[index]!;
  const name = `${each.entry.module}.${each.entry.name}`;
  if ('host' in each) return machine.functions.add({ kind: 'host', type, name, call: each.host });
  const { extern } = each;
  if (extern.kind !== 'func') throw new Error(`${name} is not a function`);
  if (extern.machine === machine) return extern.ref;
  const call = ((...args: unknown[]) => callOther(extern, args.slice(0, -1))) as never;
  return machine.functions.add({ kind: 'host', type, name, call });
}

/** A call into another machine. What ends the callee's run ends the caller's. */
function callOther(extern: Extract<InterpreterExtern, { kind: 'func' }>, args: unknown[]): unknown {
  const outcome = extern.runner.invoke(extern.ref, args);
  if (outcome.kind === 'returned') return outcome.values.length > 1 ? outcome.values : outcome.values[0];
  if (outcome.kind === 'trapped') throw new HelperTrap(outcome.trap, outcome.message);
  throw new Error(`a function of another instance ended with ${outcome.kind}`);
}

function importExtern(spaces: InstanceSpaces, extern: InterpreterExtern): void {
  if (extern.kind === 'table') {
    spaces.tables.push(extern.record);
    spaces.tableTypes.push(extern.table.element);
  } else if (extern.kind === 'global') {
    const { address, machine, global } = extern;
    if (machine === spaces.machine) spaces.globals.push({ type: global.type, address });
    else addGlobal(spaces, global.type, machine.memory.u8.slice(address, address + GLOBAL_BYTES));
  }
}

function addTables({ module, machine, tables, tableTypes }: InstanceSpaces, { limits }: InstanceOptions): void {
  for (const { table } of module.tables) {
    tables.push(
      machine.tables.create(table.limits.min, Math.min(table.limits.max ?? limits.tableElementsMax, 0xffff_ffff)),
    );
    tableTypes.push(table.element);
  }
}

function addMemory({ module, machine }: InstanceSpaces): void {
  const [declared] = module.memories;
  if (declared === undefined) return;
  machine.hasMemory = true;
  machine.guestPagesMax = declared.max ?? 0x1_0000;
  if (declared.min > 0) machine.memory.growGuest(declared.min);
  machine.memory.setI64(State.MEMORY_BYTES, machine.memory.guestPages * PAGE);
}

function addGlobal({ machine, globals }: InstanceSpaces, type: number, value: Uint8Array): void {
  const address = machine.memory.allocate(GLOBAL_BYTES);
  machine.memory.u8.set(value, address);
  globals.push({ type, address });
}

function addSegments(spaces: InstanceSpaces): void {
  const { module, machine } = spaces;
  for (const { items } of module.elements) {
    const raw =
      items.kind === 'funcs'
        ? Uint32Array.from(items.indices, (index) => spaces.functionRefs[index]!)
        : Uint32Array.from(items.exprs, (expr) => lowWord(evaluate(module, expr, spaces)));
    machine.segments.elements.push(raw);
  }
  for (const { data } of module.data) {
    machine.segments.data.push((data.source ?? module.bytes).subarray(data.start, data.end));
  }
}

/** Places the active segments, elements first; they are dropped afterwards. @throws HelperTrap */
export function placeSegments(
  { module, machine, tables, firstData, firstElement }: InstanceSpaces,
  env: ConstEnv,
): void {
  for (const [index, segment] of module.elements.entries()) {
    const number = firstElement + index;
    if (segment.mode === 'active') {
      const to = lowWord(evaluate(module, segment.offset!, env));
      tableInit(machine, tables[segment.tableIndex]!, number, to, 0, machine.segments.elements[number]!.length);
    }
    if (segment.mode !== 'passive') machine.segments.dropElements(number);
  }
  for (const [index, segment] of module.data.entries()) {
    if (segment.mode !== 'active') continue;
    const number = firstData + index;
    const to = lowWord(evaluate(module, segment.offset!, env));
    memoryInit(machine, number, to, 0, machine.segments.data[number]!.length);
    machine.segments.dropData(number);
  }
}
