/**
 * Which functions can be part of a recursion. Only those need a depth test: the frames of all others are bounded by the
 * length of the longest path through the rest of the graph. And which functions can leave early, because something below
 * them calls the host or reaches a pre-emption point: only calls of those are followed by the test for a capture.
 *
 * An indirect call may reach every function of its type that is in an element segment or named by `ref.func`, which is
 * modelled by one extra node per type. Calls of the host end the path: a host function that calls an export starts a new
 * one, with the depth that was left.
 */
import { immediatesAt, lebU32At, opcodeAt, skipImmediates } from '../wasm/instructions.js';
import type { ConstExpr, Module } from '../wasm/module.js';
import { Imm, Op } from '../wasm/opcode.js';
import { IMMEDIATE_OF } from '../wasm/opcode-lookup.js';
import { REFUSED_OPCODES, refusedOpcode } from '../wasm/refused.js';
import { Edges } from './edges.js';
import { stronglyConnected } from './strongly-connected.js';

/** 1 for each function (original index, imports first) that lies on a cycle of the call graph, whatever else is in the module. */
export function recursiveFunctions(module: Module, typeIndexOf: Uint32Array): Uint8Array {
  const { edges } = new CallGraph(module, typeIndexOf, false);
  return stronglyConnected(edges).subarray(0, typeIndexOf.length);
}

export interface CallAnalysis {
  /** 1 for each function (original index, imports first) that lies on a cycle of the call graph. */
  readonly recursive: Uint8Array;
  /** 1 for each function that is imported, recursive or has a loop, or calls such a one. */
  readonly mayLeave: Uint8Array;
  /** The same for indirect calls, by type index. */
  readonly typeMayLeave: Uint8Array;
}

/** Which operators occur that are replaced by calls of a support function. */
export interface Growth {
  memory: boolean;
  table: boolean;
}

/** @throws DecodeError FTW_UNSUPPORTED for the first instruction that is refused: nobody else has to look at all of them */
export function analyseCalls(module: Module, typeIndexOf: Uint32Array): CallAnalysis & { readonly grows: Growth } {
  const graph = new CallGraph(module, typeIndexOf);
  const functions = typeIndexOf.length;
  const recursive = stronglyConnected(graph.edges);
  const leaves = reaching(graph.edges, (node) => recursive[node] === 1 || graph.leaves[node] === 1);
  return {
    grows: graph.grows,
    recursive: recursive.subarray(0, functions),
    mayLeave: leaves.subarray(0, functions),
    typeMayLeave: Uint8Array.from(module.types, (_, type) => leaves[graph.typeNode[type]!]!),
  };
}

/** 1 for each node from which a node that `is` can be reached. */
function reaching(edges: Edges, is: (node: number) => boolean): Uint8Array {
  const reached = new Uint8Array(edges.nodes);
  const { starts, targets: callers } = edges.reversed();
  const found: number[] = [];
  for (let node = 0; node < edges.nodes; node++) if (is(node)) found.push(node);
  for (const node of found) reached[node] = 1;
  for (let node = found.pop(); node !== undefined; node = found.pop()) {
    for (let at = starts[node]!; at < starts[node + 1]!; at++) {
      const caller = callers[at]!;
      if (reached[caller] === 1) continue;
      reached[caller] = 1;
      found.push(caller);
    }
  }
  return reached;
}

/** Shapes of instructions by first byte: no immediates, one integer, alignment and offset, or to be looked at. */
const Form = { Plain: 0, Integer: 1, MemArg: 2, Other: 3 } as const;
const VISITED: readonly number[] = [Op.Loop, Op.Call, Op.ReturnCall, Op.RefFunc];
const INTEGERS: readonly number[] = [Imm.Label, Imm.Local, Imm.Global, Imm.I32, Imm.I64, Imm.BlockType];
const FORM_OF = Uint8Array.from({ length: 256 }, (_, first) => {
  const immediate = first < 0xfb ? IMMEDIATE_OF[first]! : Imm.Undefined;
  if (immediate === Imm.None) return Form.Plain;
  if (immediate === Imm.MemArg) return Form.MemArg;
  return INTEGERS.includes(immediate) && !VISITED.includes(first) ? Form.Integer : Form.Other;
});

class CallGraph {
  /** Successors by node: functions by original index, then one node per type. */
  readonly edges: Edges;
  /** 1 for functions that are imported or have a loop. */
  readonly leaves: Uint8Array;
  readonly typeNode: Uint32Array;
  readonly grows: Growth = { memory: false, table: false };
  private readonly addressTaken = new Set<number>();

  constructor(
    private readonly module: Module,
    typeIndexOf: Uint32Array,
    /** Instructions that are not supported end it. */
    private readonly refuses = true,
  ) {
    const functions = typeIndexOf.length;
    this.edges = new Edges(functions + module.types.length);
    this.typeNode = canonicalTypes(module).map((type) => functions + type);
    const imported = functions - module.bodies.length;
    this.leaves = new Uint8Array(this.edges.nodes).fill(1, 0, imported);
    for (const [at, { code }] of module.bodies.entries()) {
      this.edges.from(imported + at);
      this.scan(imported + at, code.start, code.end);
    }
    this.addSegments();
    this.addTypes(typeIndexOf);
    this.edges.finish();
  }

  /** From each type to the functions of that type that an indirect call can reach. */
  private addTypes(typeIndexOf: Uint32Array): void {
    const typeNodeOf = (callee: number) => this.typeNode[typeIndexOf[callee]!]!;
    const callees = Uint32Array.from(this.addressTaken).sort((one, other) => typeNodeOf(one) - typeNodeOf(other));
    for (const callee of callees) {
      this.edges.from(typeNodeOf(callee));
      this.edges.to(callee);
    }
  }

  /** The one loop that sees every instruction before the pass does, so the common forms are skipped inline. @throws DecodeError */
  private scan(caller: number, start: number, end: number): void {
    const { bytes } = this.module;
    for (let pos = start; pos < end; ) {
      const first = bytes[pos]!;
      const form = FORM_OF[first]!;
      pos++;
      if (form === Form.Plain) continue;
      if (form === Form.Other) {
        pos = this.visit(caller, pos - 1);
        continue;
      }
      if (form === Form.MemArg && bytes[pos++]! >= 0x40) {
        pos = skipImmediates(bytes, first, pos - 1);
        continue;
      }
      while (bytes[pos++]! >= 0x80);
    }
  }

  /** An instruction that may be a call, or is rare. Answers where the next one starts. */
  private visit(caller: number, start: number): number {
    const { bytes } = this.module;
    const op = opcodeAt(bytes, start);
    if (this.refuses && REFUSED_OPCODES[op] === 1) throw refusedOpcode(op, start, caller);
    const immediates = immediatesAt(bytes, start);
    if (op === Op.Call || op === Op.ReturnCall) this.edges.to(lebU32At(bytes, immediates));
    else if (op === Op.CallIndirect || op === Op.ReturnCallIndirect) {
      this.edges.to(this.typeNode[lebU32At(bytes, immediates)]!);
    } else if (op === Op.Loop) this.leaves[caller] = 1;
    else if (op === Op.RefFunc) this.addressTaken.add(lebU32At(bytes, immediates));
    else if (op === Op.MemoryGrow) this.grows.memory = true;
    else if (op === Op.TableGrow) this.grows.table = true;
    return skipImmediates(bytes, op, immediates);
  }

  private addSegments(): void {
    const { module } = this;
    for (const { items } of module.elements) {
      if (items.kind === 'funcs') for (const index of items.indices) this.addressTaken.add(index);
      else for (const expr of items.exprs) this.addExpression(expr);
    }
    for (const { init } of module.globals) this.addExpression(init);
    for (const { init } of module.tables) if (init) this.addExpression(init);
  }

  private addExpression({ start, end }: ConstExpr): void {
    const { bytes } = this.module;
    for (let pos = start; pos < end; ) {
      const op = opcodeAt(bytes, pos);
      const immediates = immediatesAt(bytes, pos);
      if (op === Op.RefFunc) this.addressTaken.add(lebU32At(bytes, immediates));
      pos = skipImmediates(bytes, op, immediates);
    }
  }
}

/** For each type, the first type that is equal to it. */
function canonicalTypes(module: Module): Uint32Array {
  const first = new Map<string, number>();
  return Uint32Array.from(module.types, ({ params, results }, index) => {
    const key = `${params.join()}>${results.join()}`;
    if (!first.has(key)) first.set(key, index);
    return first.get(key)!;
  });
}
