/**
 * Finds superinstructions in finished code. They keep the encoding of their parts, so fusing only replaces the first
 * opcode; a part that something jumps to still works alone. Notation of the list: tools/interp/superops.mjs.
 */
import { FIRST_SUPEROP, Ir, SHAPES } from '../generated/ir.js';
import { SUPEROPS } from '../generated/superops.js';
import type { CodeBuffer } from './code-buffer.js';

/** A source field of a part that must be the result of an earlier part. */
interface Link {
  readonly field: number;
  readonly part: number;
  /** The earlier result must be an operand, which nobody else reads (else: a local). */
  readonly operand: boolean;
}

interface Node {
  /** Superinstruction that ends here, -1 if none does. */
  op: number;
  readonly next: { readonly ir: number; readonly links: readonly Link[]; readonly text: string; readonly node: Node }[];
}

const numbers: Readonly<Record<string, number>> = Ir;
const fieldAt = new Map<number, Map<string, number>>();
for (const [name, , fields] of SHAPES) {
  const entries = fields === '' ? [] : fields.split(' ').map((field) => field.split(/[:@]/) as string[]);
  fieldAt.set(numbers[name]!, new Map(entries.map((parts) => [parts[0]!, Number(parts.at(-1))])));
}

/** Instructions whose first field is a result. */
const HAS_RESULT = new Uint8Array(0x1000);
for (const [op, fields] of fieldAt) if (fields.get('d') === 2) HAS_RESULT[op] = 1;

function newNode(): Node {
  return { op: -1, next: [] };
}

const roots: (Node | undefined)[] = [];

function add(text: string, op: number): void {
  let node: Node | undefined;
  for (const [index, part] of text.split(' ').entries()) {
    const [name, ...links] = part.split(':') as [string, ...string[]];
    const ir = numbers[name]!;
    if (index === 0) {
      roots[ir] ??= newNode();
      node = roots[ir];
      continue;
    }
    let step = node!.next.find((candidate) => candidate.text === part);
    if (step === undefined) {
      step = { ir, text: part, links: links.map((link) => parseLink(ir, link)), node: newNode() };
      node!.next.push(step);
      node!.next.sort((x, y) => y.links.length - x.links.length);
    }
    node = step.node;
  }
  node!.op = op;
}

function parseLink(ir: number, text: string): Link {
  return { field: fieldAt.get(ir)!.get(text[0]!)!, operand: text[1] === '-', part: Number(text[2]) };
}

for (const [index, text] of SUPEROPS.entries()) add(text, FIRST_SUPEROP + index);

/** Matches over one function's code. */
export class SuperopMatcher {
  private readonly parts: number[] = [];
  private best = -1;
  private bestLength = 0;

  /**
   * Replaces opcodes in `code`; `isLeader` tells where something jumps to (a superinstruction may start there, not
   * contain it: a loop must begin with one of its own). `base` is the place of the first operand.
   */
  run(code: CodeBuffer, isLeader: (position: number) => boolean, base: number): void {
    if (SUPEROPS.length === 0) return;
    for (let index = 0; index < code.count; ) {
      const root = roots[code.get16(code.starts[index]!)];
      this.bestLength = 1;
      if (root !== undefined) {
        this.parts[0] = code.starts[index]!;
        this.best = -1;
        this.walk(code, root, index, 1, isLeader, base);
        if (this.best >= 0) code.set16(code.starts[index]!, this.best);
      }
      index += this.bestLength;
    }
  }

  private walk(
    code: CodeBuffer,
    node: Node,
    first: number,
    length: number,
    isLeader: (at: number) => boolean,
    base: number,
  ): void {
    if (node.op >= 0 && length > this.bestLength) {
      this.best = node.op;
      this.bestLength = length;
    }
    if (first + length >= code.count) return;
    const at = code.starts[first + length]!;
    if (isLeader(at)) return;
    const ir = code.get16(at);
    for (const step of node.next) {
      if (step.ir !== ir || !this.linksHold(code, at, step.links, length, base)) continue;
      this.parts[length] = at;
      this.walk(code, step.node, first, length + 1, isLeader, base);
    }
  }

  private linksHold(code: CodeBuffer, at: number, links: readonly Link[], length: number, base: number): boolean {
    for (const { field, part, operand } of links) {
      const result = code.get16(this.parts[part]! + 2);
      if (code.get16(at + field) !== result || result >= base !== operand) return false;
      if (this.isOverwritten(code, part, length, result)) return false;
    }
    return true;
  }

  /** Whether a part between `from` and `length` writes the place again: then its value is the one to take. */
  private isOverwritten(code: CodeBuffer, from: number, length: number, place: number): boolean {
    for (let part = from + 1; part < length; part++) {
      const at = this.parts[part]!;
      if (HAS_RESULT[code.get16(at)] === 1 && code.get16(at + 2) === place) return true;
    }
    return false;
  }
}
