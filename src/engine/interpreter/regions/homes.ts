/**
 * Where a region keeps the values of a frame: every slot that it uses has a home, a local variable of the generated function.
 * A local's home has the local's type. An operand's has the type that all its uses agree on, else the slot's 64 bits.
 */
import { ValType } from '../../../wasm/module.js';
import { Ir } from '../generated/ir.js';
import { type Access, accessesOf, RAW, RAW_LOW } from './accesses.js';
import type { Body } from './body.js';
import { type CallSites, isCall, isTailCall } from './calls.js';
import type { Region } from './graph.js';
import { variable } from './ir-code.js';

export interface Home {
  readonly slot: number;
  readonly type: number;
  /** Index of the local variable. */
  readonly local: number;
}

/** What is known of an operand slot: the types in which it is used. */
interface Votes {
  readonly types: Set<number>;
  /** Something of 64 bits is put there whose type is not known. */
  wide: boolean;
}

export class Homes {
  /** By place for locals, by {@link variable} for operands. */
  readonly all = new Map<number, Home>();
  /** Locals that the region assigns to. */
  readonly written = new Set<number>();
  private readonly votes = new Map<number, Votes>();
  private readonly joined = new Map<number, number>();

  constructor(
    private readonly region: Region,
    private readonly calls: CallSites,
    private readonly body: Body,
  ) {
    this.voteForEntry();
    for (const block of region.blocks) for (const at of block.ops) this.voteFor(at);
  }

  /** About how many homes there will be. */
  get estimate(): number {
    return this.region.code.locals.size + this.votes.size;
  }

  isLocal(slot: number): boolean {
    return slot < this.region.code.base;
  }

  /** The home of a slot that is accessed as `type`. */
  of(slot: number, type: number): Home {
    const key = this.isLocal(slot) ? slot : variable(slot, type);
    let home = this.all.get(key);
    if (home === undefined) {
      const own = this.isLocal(slot) ? numeric(this.region.code.locals.get(slot)!) : this.decide(key, type);
      home = { slot, type: own, local: this.body.newLocal(own) };
      this.all.set(key, home);
    }
    return home;
  }

  /** Pushes the value of a slot. */
  get(slot: number, type: number): void {
    const home = this.of(slot, type);
    this.body.get(home.local).convert(home.type, type);
  }

  /** Pops a value into a slot. */
  set(slot: number, type: number): void {
    const home = this.of(slot, type);
    this.body.convert(type, home.type).set(home.local);
    if (this.isLocal(slot)) this.written.add(slot);
  }

  /** Writes a home back to the frame. */
  store({ local, slot, type }: Home): void {
    const { body } = this;
    body.get(0).get(local);
    if (type === ValType.V128) body.memory('v128.store', slot);
    else if (type === ValType.F64) body.memory('f64.store', slot);
    else body.convert(type, ValType.I64).memory('i64.store', slot);
  }

  /** Reads a home from the frame. */
  load({ local, slot, type }: Home): void {
    this.body.get(0).memory(LOADS[type]!, slot).set(local);
  }

  private decide(key: number, type: number): number {
    if (type === ValType.V128) return type;
    const { types, wide } = this.votesOf(key);
    if (types.size > 1) return ValType.I64;
    const [only] = types;
    if (only === undefined) return wide ? ValType.I64 : ValType.I32;
    const isNarrow = only === ValType.I32 || only === ValType.F32;
    return wide && isNarrow ? ValType.I64 : only;
  }

  private votesOf(key: number): Votes {
    const root = this.rootOf(key);
    const known = this.votes.get(root);
    if (known !== undefined) return known;
    const votes = { types: new Set<number>(), wide: false };
    this.votes.set(root, votes);
    return votes;
  }

  private rootOf(key: number): number {
    let root = key;
    for (let next = this.joined.get(root); next !== undefined; next = this.joined.get(root)) root = next;
    return root;
  }

  private vote({ slot, type }: Access): void {
    if (this.isLocal(slot) || type === ValType.V128) return;
    const votes = this.votesOf(slot);
    if (type > 0) votes.types.add(numeric(type));
    else if (type === RAW) votes.wide = true;
  }

  private voteForEntry(): void {
    const { code, entry } = this.region;
    const stack = code.stackAt(entry.start);
    for (let i = 0; i < stack.length; i += 2) this.vote({ slot: stack[i]!, type: stack[i + 1]! });
  }

  private voteFor(at: number): void {
    const { code } = this.region;
    if (isCall(code.op(at))) {
      const { params, results } = this.calls.places(code, at);
      for (const each of [...params, ...results]) this.vote(each);
      return;
    }
    if (isTailCall(code.op(at))) for (const each of this.calls.places(code, at).params) this.vote(each);
    const accesses = accessesOf(code, at);
    if (accesses === undefined) return;
    const op = code.op(at);
    if (op === Ir.mov || op === Ir.select) return this.join(op, [...accesses.reads, accesses.write!]);
    for (const each of accesses.reads) if (each.type !== RAW && each.type !== RAW_LOW) this.vote(each);
    if (accesses.write !== undefined) this.vote(accesses.write);
  }

  /** Values are passed on as they are: all of these have one type. */
  private join(op: number, accesses: readonly Access[]): void {
    const values = accesses.filter(({ type }) => type === RAW);
    if (op === Ir.select) this.vote(accesses.find(({ type }) => type !== RAW)!);
    const operands = values.filter(({ slot }) => !this.isLocal(slot));
    const [first] = operands;
    if (first === undefined) return;
    for (const { slot } of operands) this.union(first.slot, slot);
    for (const { slot } of values) {
      if (this.isLocal(slot)) this.votesOf(first.slot).types.add(numeric(this.region.code.locals.get(slot)!));
    }
  }

  private union(x: number, y: number): void {
    const [a, b] = [this.rootOf(x), this.rootOf(y)];
    if (a === b) return;
    const [into, from] = [this.votesOf(a), this.votesOf(b)];
    for (const type of from.types) into.types.add(type);
    into.wide ||= from.wide;
    this.joined.set(b, a);
  }
}

const LOADS: Readonly<Record<number, string>> = {
  [ValType.I32]: 'i32.load',
  [ValType.I64]: 'i64.load',
  [ValType.F32]: 'f32.load',
  [ValType.F64]: 'f64.load',
  [ValType.V128]: 'v128.load',
};

/** References are 32-bit numbers. */
function numeric(type: number): number {
  return LOADS[type] === undefined ? ValType.I32 : type;
}
