/**
 * Random valid modules that end: functions call only later ones, loops count down. Everything follows from the seed.
 */
import { ByteWriter } from '../../src/bytes/writer.js';
import { type FuncType, ValType } from '../../src/wasm/module.js';
import type { Opcode } from '../../src/wasm/opcode.js';
import { Imm } from '../../src/wasm/opcode.js';
import { opcodeByName } from '../../src/wasm/opcode-lookup.js';
import { OPCODES } from '../../src/wasm/opcodes.js';
import { CONSTANTS, encodeParts } from './random-encoder.js';

/** xorshift32 (Marsaglia, 2003). */
export class Random {
  constructor(private state: number) {
    this.state = (state * 0x9e3779b1) >>> 0 || 1;
  }

  /** An integer below `limit`. */
  below(limit: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return this.state % limit;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const NUMBERS: readonly ValType[] = [ValType.I32, ValType.I64, ValType.F32, ValType.F64];
const TYPES: readonly ValType[] = [...NUMBERS, ValType.I32, ValType.I32, ValType.I64, ValType.V128];
/** Values on which operators differ most. */
const INTERESTING = [
  0, 1, -1, 2, 31, 32, 63, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0x7fffffff, -0x80000000, 0x1234567,
];
const FLOATS = [0, -0, 1, -1, 0.5, 1e10, -1e20, 2147483648, -2147483649, Number.NaN, Number.POSITIVE_INFINITY, 1e-40];
const LOOP_ROUNDS = 4;

const plain = OPCODES.filter(({ immediate, params, results, feature, prefix }) => {
  const isPlain = immediate === Imm.None && params !== undefined && results?.length === 1;
  return isPlain && params.length > 0 && feature !== 'relaxed-simd' && prefix !== 0xfe;
});
const PRODUCERS = new Map<number, Opcode[]>(
  TYPES.map((type) => [type, plain.filter(({ results }) => results![0] === type)]),
);
const accesses = OPCODES.filter(({ immediate, prefix }) => immediate === Imm.MemArg && prefix !== 0xfe);
const LOADS = new Map<number, Opcode[]>(
  TYPES.map((type) => [type, accesses.filter(({ results }) => results?.[0] === type)]),
);
const STORES = accesses.filter(({ results }) => results?.length === 0);

/** Picked less often, because a trap ends everything. */
const MAY_TRAP = /\.(div|rem)_|\.trunc_f/;

interface Scope {
  /** Result types of enclosing labels, innermost last; loops take nothing. */
  readonly labels: ValType[][];
  readonly locals: ValType[];
  readonly type: FuncType;
  readonly index: number;
}

export class RandomModule {
  private readonly random: Random;
  private readonly functions: { type: FuncType; code: Uint8Array }[] = [];
  private readonly types: FuncType[] = [];
  private readonly globals: ValType[];
  private out = new ByteWriter(1 << 12);
  private budget = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.globals = Array.from({ length: 4 }, () => this.random.pick(TYPES));
    const count = 2 + this.random.below(4);
    for (let index = 0; index < count; index++) this.types.push(this.signature());
    for (let index = 0; index < count; index++)
      this.functions.push({ type: this.types[index]!, code: this.body(index) });
  }

  /** Signature of exported function 0, called `run`. */
  get runType(): FuncType {
    return this.types[0]!;
  }

  private signature(): FuncType {
    const list = (max: number) => Array.from({ length: this.random.below(max + 1) }, () => this.random.pick(TYPES));
    return { params: list(4), results: list(2) };
  }

  // ---- function bodies

  private body(index: number): Uint8Array {
    const type = this.types[index]!;
    const declared = Array.from({ length: this.random.below(6) }, () => this.random.pick(TYPES));
    const scope: Scope = { labels: [[...type.results]], locals: [...type.params, ...declared], type, index };
    this.out = new ByteWriter(1 << 12);
    this.budget = 100 + this.random.below(300);
    this.block(scope, type.results);
    this.op('end');
    const code = this.out.finish();
    const body = new ByteWriter(code.length + 64);
    // One more local per loop nesting level, for its counter.
    const counters = Array.from({ length: LOOP_ROUNDS }, () => ValType.I32);
    const locals = [...declared, ...counters];
    body.u32(locals.length);
    for (const local of locals) {
      body.u32(1);
      body.u8(local);
    }
    body.copy(code);
    return body.finish();
  }

  /** Statements, then values of `results`. */
  private block(scope: Scope, results: readonly ValType[]): void {
    for (let count = this.random.below(6); count > 0; count--) this.statement(scope);
    for (const result of results) this.value(scope, result, 4);
  }

  private statement(scope: Scope): void {
    if (--this.budget < 0) return;
    switch (this.random.below(10)) {
      case 0:
      case 1:
        return this.assign(scope);
      case 2:
      case 3:
        return this.store(scope);
      case 4:
        return this.conditional(scope, []);
      case 5:
        return this.loop(scope);
      case 6:
        return this.branchIf(scope);
      case 7:
        return this.globalSet(scope);
      case 8:
        return this.branchTable(scope);
      default:
        return this.dropCall(scope);
    }
  }

  private assign(scope: Scope): void {
    if (scope.locals.length === 0) return;
    const local = this.random.below(scope.locals.length);
    this.value(scope, scope.locals[local]!, 4);
    this.op('local.set', local);
  }

  private store(scope: Scope): void {
    const row = this.random.pick(STORES);
    this.address(scope);
    this.value(scope, row.params![1]!, 3);
    this.access(row);
  }

  private globalSet(scope: Scope): void {
    const index = this.random.below(this.globals.length);
    this.value(scope, this.globals[index]!, 3);
    this.op('global.set', index);
  }

  private conditional(scope: Scope, results: readonly ValType[]): void {
    this.value(scope, ValType.I32, 3);
    this.open('if', results);
    const inner = { ...scope, labels: [...scope.labels, [...results]] };
    this.block(inner, results);
    if (results.length > 0 || this.random.below(2) === 0) {
      this.op('else');
      this.block(inner, results);
    }
    this.op('end');
  }

  private loop(scope: Scope): void {
    const depth = scope.labels.filter((label) => label === LOOP).length;
    if (depth >= 2) return;
    const counter = scope.locals.length + depth;
    this.op('i32.const').out.s32(1 + this.random.below(LOOP_ROUNDS));
    this.op('local.set', counter);
    this.open('loop', []);
    this.block({ ...scope, labels: [...scope.labels, LOOP] }, []);
    this.op('local.get', counter).op('i32.const').out.s32(1);
    this.op('i32.sub').op('local.tee', counter).op('br_if', 0).op('end');
  }

  /** Labels that a branch may go to: not loops, which would run for ever. */
  private targets(scope: Scope): number[] {
    const inner = scope.labels.flatMap((label, index) => (label === LOOP ? [] : [scope.labels.length - 1 - index]));
    // The function's own label seldom: it ends everything.
    return inner.length > 1 && this.random.below(8) > 0 ? inner.slice(1) : inner;
  }

  private branchIf(scope: Scope): void {
    const relative = this.random.pick(this.targets(scope));
    const types = scope.labels[scope.labels.length - 1 - relative]!;
    for (const type of types) this.value(scope, type, 2);
    this.value(scope, ValType.I32, 3);
    this.op('i32.const').index(7).op('i32.and').op('i32.const').index(5).op('i32.eq').op('br_if', relative);
    for (const _ of types) this.op('drop');
  }

  /** `block block value br_table end end`: both labels take nothing. */
  private branchTable(scope: Scope): void {
    this.open('block', []).open('block', []);
    const inner = { ...scope, labels: [...scope.labels, [], []] };
    this.statement(inner);
    this.value(inner, ValType.I32, 2);
    this.op('br_table', 2, 0, 1, this.random.below(2));
    this.op('end');
    this.statement({ ...scope, labels: [...scope.labels, []] });
    this.op('end');
  }

  private dropCall(scope: Scope): void {
    const callee = this.call(scope, () => true);
    if (callee !== undefined) for (const _ of this.types[callee]!.results) this.op('drop');
  }

  /** Calls a later function, directly or through the table. */
  private call(scope: Scope, wanted: (type: FuncType) => boolean): number | undefined {
    const later = this.types.flatMap((type, index) => (index > scope.index && wanted(type) ? [index] : []));
    if (later.length === 0 || this.budget < 0) return undefined;
    const callee = this.random.pick(later);
    for (const param of this.types[callee]!.params) this.value(scope, param, 2);
    if (this.random.below(3) > 0) this.op('call', callee);
    else this.op('i32.const').index(callee).op('call_indirect', callee, 0);
    return callee;
  }

  private index(value: number): this {
    this.out.s32(value);
    return this;
  }

  /** Pushes one value of `type`. */
  private value(scope: Scope, type: ValType, depth: number): void {
    this.budget--;
    const leaf = depth === 0 || this.budget < 0;
    switch (leaf ? this.random.below(2) : this.random.below(9)) {
      case 0:
        return this.constant(type);
      case 1:
        return this.variable(scope, type);
      case 2:
        if (this.call(scope, ({ results }) => results.length === 1 && results[0] === type) !== undefined) return;
        return this.constant(type);
      case 3:
        return this.load(scope, type);
      case 4:
        return this.chosen(scope, type, depth);
      default:
        return this.operator(scope, type, depth);
    }
  }

  private chosen(scope: Scope, type: ValType, depth: number): void {
    if (this.random.below(3) === 0) return this.conditional(scope, [type]);
    this.value(scope, type, depth - 1);
    this.value(scope, type, depth - 1);
    this.value(scope, ValType.I32, depth - 1);
    if (type === ValType.V128) this.op('select_t', 1, type);
    else this.op('select');
  }

  private operator(scope: Scope, type: ValType, depth: number): void {
    const [first, second] = [this.random.pick(PRODUCERS.get(type)!), this.random.pick(PRODUCERS.get(type)!)];
    const row = MAY_TRAP.test(first.name) ? second : first;
    for (const param of row.params!) this.value(scope, param, depth - 1);
    this.row(row);
  }

  private load(scope: Scope, type: ValType): void {
    this.address(scope);
    this.access(this.random.pick(LOADS.get(type)!));
  }

  /** Mostly in bounds. */
  private address(scope: Scope): void {
    this.value(scope, ValType.I32, 2);
    if (this.random.below(40) === 0) return;
    this.op('i32.const').index(0xfff8).op('i32.and');
  }

  private access(row: Opcode): void {
    this.row(row);
    this.out.u32(0);
    this.out.u32(this.random.below(8));
  }

  private variable(scope: Scope, type: ValType): void {
    const locals = scope.locals.flatMap((local, index) => (local === type ? [index] : []));
    const globals = this.globals.flatMap((global, index) => (global === type ? [index] : []));
    if (locals.length > 0 && (globals.length === 0 || this.random.below(3) > 0)) {
      const local = this.random.pick(locals);
      if (this.random.below(4) > 0) return void this.op('local.get', local);
      this.constant(type);
      return void this.op('local.tee', local);
    }
    if (globals.length > 0) return void this.op('global.get', this.random.pick(globals));
    this.constant(type);
  }

  private constant(type: ValType): void {
    const { random } = this;
    const int = () => (random.below(3) === 0 ? random.below(0x7fffffff) : random.pick(INTERESTING));
    if (type === ValType.I32) this.op('i32.const').index(int());
    else if (type === ValType.I64) this.op('i64.const').index(int());
    else {
      const bytes = new DataView(new ArrayBuffer(16));
      if (type === ValType.F32) bytes.setFloat32(0, random.pick(FLOATS), true);
      else bytes.setFloat64(0, random.pick(FLOATS), true);
      if (type === ValType.V128) bytes.setUint32(8, int(), true);
      const [name, size] = CONSTANTS.get(type)!;
      this.op(name).out.copy(new Uint8Array(bytes.buffer), 0, size);
    }
  }

  // ---- encoding

  private row({ prefix, sub }: Opcode): this {
    if (prefix === 0) this.out.u8(sub);
    else {
      this.out.u8(prefix);
      this.out.u32(sub);
    }
    return this;
  }

  private op(name: string, ...immediates: number[]): this {
    if (name === 'select_t') this.out.u8(0x1c);
    else this.row(opcodeByName(name)!);
    for (const immediate of immediates) this.out.u32(immediate);
    return this;
  }

  private open(name: string, results: readonly ValType[]): this {
    this.op(name).out.u8(results[0] ?? 0x40);
    return this;
  }

  bytes(): Uint8Array {
    return encodeParts({ types: this.types, bodies: this.functions.map(({ code }) => code), globals: this.globals });
  }
}

const LOOP: ValType[] = [];
