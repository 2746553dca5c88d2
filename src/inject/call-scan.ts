/**
 * The one loop that sees every instruction before the pass does: what bodies say about the call graph. Ranges of functions can be
 * scanned apart, and are put together by `call-graph.ts`.
 */
import { immediatesAt, lebU32At, opcodeAt, skipImmediates } from '../wasm/instructions.js';
import type { FunctionBody } from '../wasm/module.js';
import { Imm, Op } from '../wasm/opcode.js';
import { IMMEDIATE_OF } from '../wasm/opcode-lookup.js';
import { REFUSED_OPCODES, refusedOpcode } from '../wasm/refused.js';
import { Edges } from './edges.js';
import type { FunctionRange } from './function-range.js';

/** Which operators occur that are replaced by calls of a support function. */
export interface Growth {
  readonly memory: boolean;
  readonly table: boolean;
}

/** What a range of functions says. */
export interface ScannedCalls {
  /** Successors of each function of the range, counted from its first: functions by original index, and nodes of types. */
  readonly starts: Uint32Array;
  readonly targets: Uint32Array;
  /** 1 for functions of the range that have a loop. */
  readonly loops: Uint8Array;
  /** Functions named by `ref.func`, by original index. */
  readonly referenced: readonly number[];
  readonly grows: Growth;
}

/** What has to be known to scan a body. */
export interface ScanFacts {
  readonly bytes: Uint8Array;
  /** Original index of the first function that has a body. */
  readonly imported: number;
  /** Node of each type: what an indirect call of that type leads to. */
  readonly typeNode: Uint32Array;
  /** Bodies by the number of their function, counted without imports. */
  bodyAt(at: number): FunctionBody;
}

/** Scans a range. @throws DecodeError FTW_UNSUPPORTED for its first instruction that is refused, if `refuses` */
export function scanCalls(facts: ScanFacts, range: FunctionRange, refuses = true): ScannedCalls {
  return new CallScanner(facts, range, refuses).result();
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

class CallScanner {
  private readonly bytes: Uint8Array;
  private readonly edges: Edges;
  private readonly loops: Uint8Array;
  private readonly referenced = new Set<number>();
  private readonly grows = { memory: false, table: false };

  constructor(
    private readonly facts: ScanFacts,
    { from, to }: FunctionRange,
    /** Instructions that are not supported end it. */
    private readonly refuses: boolean,
  ) {
    this.bytes = facts.bytes;
    this.edges = new Edges(to - from);
    this.loops = new Uint8Array(to - from);
    for (let at = from; at < to; at++) {
      const { code } = facts.bodyAt(at);
      this.edges.from(at - from);
      this.scan(at - from, facts.imported + at, code.start, code.end);
    }
    this.edges.finish();
  }

  result(): ScannedCalls {
    const { edges, grows, loops, referenced } = this;
    const { starts } = edges;
    return { starts, targets: edges.targets.slice(0, edges.count), loops, referenced: [...referenced], grows };
  }

  /** The common forms are skipped inline. @throws DecodeError */
  private scan(at: number, index: number, start: number, end: number): void {
    const { bytes } = this;
    for (let pos = start; pos < end; ) {
      const first = bytes[pos]!;
      const form = FORM_OF[first]!;
      pos++;
      if (form === Form.Plain) continue;
      if (form === Form.Other) {
        pos = this.visit(at, index, pos - 1);
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
  private visit(at: number, index: number, start: number): number {
    const { bytes } = this;
    const op = opcodeAt(bytes, start);
    if (this.refuses && REFUSED_OPCODES[op] === 1) throw refusedOpcode(op, start, index);
    const immediates = immediatesAt(bytes, start);
    if (op === Op.Call || op === Op.ReturnCall) this.edges.to(lebU32At(bytes, immediates));
    else if (op === Op.CallIndirect || op === Op.ReturnCallIndirect) {
      this.edges.to(this.facts.typeNode[lebU32At(bytes, immediates)]!);
    } else if (op === Op.Loop) this.loops[at] = 1;
    else if (op === Op.RefFunc) this.referenced.add(lebU32At(bytes, immediates));
    else if (op === Op.MemoryGrow) this.grows.memory = true;
    else if (op === Op.TableGrow) this.grows.table = true;
    return skipImmediates(bytes, op, immediates);
  }
}
