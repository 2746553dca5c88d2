/**
 * Which functions can be part of a recursion. Only their frames count: those of all others are bounded by the length of the
 * longest path through the rest of the graph. Which of them look whether there is room for the frame: so many that no
 * recursion gets past them. And which functions can leave early, because something below
 * them calls the host or reaches a pre-emption point: only calls of those are followed by the test for a capture.
 *
 * An indirect call may reach every function of its type that is in an element segment or named by `ref.func`, which is
 * modelled by one extra node per type. Calls of the host end the path: a host function that calls an export starts a new
 * one, with the depth that was left.
 */
import { immediatesAt, lebU32At, opcodeAt, skipImmediates } from '../wasm/instructions.js';
import type { ConstExpr, Module } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { type Growth, type ScanFacts, type ScannedCalls, scanCalls } from './call-scan.js';
import { cycleBreakers } from './cycle-breakers.js';
import { Edges } from './edges.js';
import { MEMBERS_MAX } from './recursion.js';
import { stronglyConnected } from './strongly-connected.js';

/** `Recursion` of each function (original index, imports first), whatever else is in the module. */
export function recursionOf(module: Module, typeIndexOf: Uint32Array): Uint8Array {
  const scanned = scanCalls(scanFacts(module, typeIndexOf.length), allBodies(module), false);
  const { edges } = new CallGraph(module, typeIndexOf, [scanned]);
  return recursionIn(edges, stronglyConnected(edges), typeIndexOf.length);
}

function recursionIn(edges: Edges, onCycle: Uint8Array, functions: number): Uint8Array {
  const may = (node: number) => node < functions;
  const breakers = cycleBreakers(edges, { onCycle, may, pathMax: MEMBERS_MAX });
  return onCycle.subarray(0, functions).map((is, index) => is + breakers[index]!);
}

export interface CallAnalysis {
  /** `Recursion` of each function (original index, imports first). */
  readonly recursion: Uint8Array;
  /** 1 for each function that is imported, recursive or has a loop, or calls such a one. */
  readonly mayLeave: Uint8Array;
  /** The same for indirect calls, by type index. */
  readonly typeMayLeave: Uint8Array;
}

/** What all instructions together say. */
export interface CodeAnalysis extends CallAnalysis {
  readonly grows: Growth;
}

/** @throws DecodeError FTW_UNSUPPORTED for the first instruction that is refused: nobody else has to look at all of them */
export function analyseCalls(module: Module, typeIndexOf: Uint32Array): CodeAnalysis {
  return analyseScanned(module, typeIndexOf, [scanCalls(scanFacts(module, typeIndexOf.length), allBodies(module))]);
}

/** The same for bodies that have been scanned; `scanned`: all of them, in order. */
export function analyseScanned(
  module: Module,
  typeIndexOf: Uint32Array,
  scanned: readonly ScannedCalls[],
): CodeAnalysis {
  const graph = new CallGraph(module, typeIndexOf, scanned);
  const functions = typeIndexOf.length;
  const recursive = stronglyConnected(graph.edges);
  const leaves = reaching(graph.edges, (node) => recursive[node] === 1 || graph.leaves[node] === 1);
  return {
    grows: { memory: scanned.some(({ grows }) => grows.memory), table: scanned.some(({ grows }) => grows.table) },
    recursion: recursionIn(graph.edges, recursive, functions),
    mayLeave: leaves.subarray(0, functions),
    typeMayLeave: Uint8Array.from(module.types, (_, type) => leaves[graph.typeNode[type]!]!),
  };
}

/** What a scan needs of the module, which has so many functions, imports included. */
export function scanFacts(module: Module, functions: number): ScanFacts {
  return {
    bytes: module.bytes,
    imported: functions - module.bodies.length,
    typeNode: typeNodes(module, functions),
    bodyAt: (at) => module.bodies[at]!,
  };
}

function allBodies({ bodies }: Module): { from: number; to: number } {
  return { from: 0, to: bodies.length };
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

class CallGraph {
  /** Successors by node: functions by original index, then one node per type. */
  readonly edges: Edges;
  /** 1 for functions that are imported or have a loop. */
  readonly leaves: Uint8Array;
  readonly typeNode: Uint32Array;
  private readonly addressTaken = new Set<number>();

  constructor(
    private readonly module: Module,
    typeIndexOf: Uint32Array,
    scanned: readonly ScannedCalls[],
  ) {
    const functions = typeIndexOf.length;
    const imported = functions - module.bodies.length;
    this.edges = new Edges(functions + module.types.length);
    this.typeNode = typeNodes(module, functions);
    this.leaves = new Uint8Array(this.edges.nodes).fill(1, 0, imported);
    this.edges.from(imported);
    let first = imported;
    for (const { loops, referenced, starts, targets } of scanned) {
      this.edges.append(starts, targets);
      this.leaves.set(loops, first);
      first += loops.length;
      for (const index of referenced) this.addressTaken.add(index);
    }
    this.addSegments();
    this.addTypes(typeIndexOf);
    this.edges.finish();
  }

  /** From each type to the functions of that type that an indirect call can reach. */
  private addTypes(typeIndexOf: Uint32Array): void {
    const first = typeIndexOf.length;
    const callees: number[][] = Array.from(this.module.types, () => []);
    for (const callee of this.addressTaken) callees[this.typeNode[typeIndexOf[callee]!]! - first]!.push(callee);
    for (const [type, reached] of callees.entries()) {
      this.edges.from(first + type);
      for (const callee of reached) this.edges.to(callee);
    }
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

/** For each type, the node of the first type that is equal to it; nodes of types follow those of functions. */
function typeNodes(module: Module, functions: number): Uint32Array {
  const first = new Map<string, number>();
  return Uint32Array.from(module.types, ({ params, results }, index) => {
    const key = `${params.join()}>${results.join()}`;
    if (!first.has(key)) first.set(key, functions + index);
    return first.get(key)!;
  });
}
