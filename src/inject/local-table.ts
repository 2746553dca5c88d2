/** The locals of one rewritten function: parameters, the two added parameters, the guest's locals, temporaries. */
import type { ByteWriter } from '../bytes/writer.js';
import { lebU32At, skipLeb } from '../wasm/instructions.js';
import type { FuncType, FunctionBody } from '../wasm/module.js';
import { ValType } from '../wasm/module.js';
import { ADDED_PARAMS } from './type-table.js';
import { ValueKind } from './value-kind.js';

/** {@link LocalTable.kinds}: nothing but numbers was assigned so far, so there is nothing to keep or to fix. */
const UNKNOWN = 0xff;

/** What temporaries are for; those of different purposes never share a local. */
export const Temporary = {
  /** The operand of `call_indirect` or `br_table` while others are handled. */
  Index: 0,
  /** The depth on entry, for tail calls. */
  EntryDepth: 1,
  /** The value that is being compared with itself. */
  Nan: 2,
  /** An operand that is in the way: Spill + its distance. */
  Spill: 3,
} as const;

export class LocalTable {
  /** Types by original index. */
  types = new Uint8Array(256);
  count = 0;
  /** Local that carries the counter, local that carries the depth (new indices). */
  counter = 0;
  depth = 0;
  /** Slots of eight bytes that parameters and locals take. */
  slots = 0;
  /** One of them is a v128. */
  wide = false;
  /** Type and purpose of each temporary of this walk, in the order of their indices. */
  private readonly temporaries: number[] = [];

  /** What this walk assumed of a local turned out wrong: the function must be walked again. */
  contradicted = false;

  private params = 0;
  /** What gets into each local, over all walks of this function; UNKNOWN is the optimistic start. */
  private kinds = new Uint8Array(256);
  /** 1 for locals that must not be {@link ValueKind.Either}, over all walks of this function. */
  private exact = new Uint8Array(256);
  private readBefore = new Uint8Array(256);

  /** Reads the declarations of a body. */
  load(bytes: Uint8Array, body: FunctionBody, type: FuncType, lazy: boolean): void {
    this.count = 0;
    this.slots = 0;
    this.wide = false;
    this.params = type.params.length;
    this.counter = this.params;
    this.depth = this.params + 1;
    for (const param of type.params) this.add(param, 1);
    let pos = body.body.start;
    let groups = lebU32At(bytes, pos);
    pos = skipLeb(bytes, pos);
    for (; groups > 0; groups--) {
      const repeat = lebU32At(bytes, pos);
      pos = skipLeb(bytes, pos);
      this.add(bytes[pos++]!, repeat);
    }
    this.exact.fill(0, 0, this.count);
    this.kinds.fill(lazy ? UNKNOWN : ValueKind.Exact, 0, this.count).fill(ValueKind.Exact, 0, this.params);
  }

  /** Forgets the temporaries; what was learnt about values stays. */
  beginWalk(): void {
    this.temporaries.length = 0;
    this.contradicted = false;
    this.readBefore.fill(0, 0, this.count);
  }

  /** New index of an original local. */
  index(original: number): number {
    return original < this.params ? original : original + ADDED_PARAMS;
  }

  /** New index of the temporary of a type for a purpose (a {@link Temporary}, or one of those plus a small number). */
  temporary(type: ValType, purpose: number): number {
    const key = type + purpose * 0x100;
    let at = this.temporaries.indexOf(key);
    if (at < 0) at = this.temporaries.push(key) - 1;
    return this.count + ADDED_PARAMS + at;
  }

  /** Writes the locals vector: the depth if it is no parameter, the groups of the source, then the temporaries. */
  writeDeclarations(out: ByteWriter, bytes: Uint8Array, body: FunctionBody, passesDepth: boolean): void {
    const groups = lebU32At(bytes, body.body.start);
    out.u32(groups + this.temporaries.length + (passesDepth ? 0 : 1));
    if (!passesDepth) {
      out.u8(1);
      out.u8(ValType.I32);
    }
    out.copy(bytes, skipLeb(bytes, body.body.start), body.code.start);
    for (const key of this.temporaries) {
      out.u8(1);
      out.u8(key & 0xff);
    }
  }

  /** Kind of the value that reading a local gives. */
  read(original: number): ValueKind {
    this.readBefore[original] = 1;
    const kind = this.kinds[original]!;
    return kind === UNKNOWN ? ValueKind.Number : (kind as ValueKind);
  }

  /** Notes that a value of `kind` is assigned; answers what the local holds from now on. */
  assign(original: number, kind: ValueKind): ValueKind {
    const known = this.kinds[original]!;
    const joined = this.join(original, known, kind);
    if (joined !== known) {
      this.kinds[original] = joined;
      if (known !== UNKNOWN || this.readBefore[original] === 1) this.contradicted = true;
    }
    return joined === UNKNOWN ? ValueKind.Number : (joined as ValueKind);
  }

  /** Bits of a local that is {@link ValueKind.Either} can be observed: whatever gets into it must be exact. */
  makeExact(original: number): void {
    this.exact[original] = 1;
    this.kinds[original] = ValueKind.Exact;
    this.contradicted = true;
  }

  /** Numbers go with everything. A local that gets two sorts of values has exact ones, or those that are read are not observed. */
  private join(original: number, known: number, kind: ValueKind): number {
    if (kind === ValueKind.Number || known === kind) return known;
    if (known === UNKNOWN) return kind;
    return this.exact[original] === 1 || this.types[original] === ValType.V128 ? ValueKind.Exact : ValueKind.Either;
  }

  private add(type: number, repeat: number): void {
    const needed = this.count + repeat;
    while (needed > this.types.length) this.grow();
    this.types.fill(type, this.count, needed);
    this.count = needed;
    this.slots += type === ValType.V128 ? 2 * repeat : repeat;
    if (type === ValType.V128 && repeat > 0) this.wide = true;
  }

  private grow(): void {
    const types = new Uint8Array(this.types.length * 2);
    types.set(this.types);
    this.types = types;
    this.kinds = new Uint8Array(types.length);
    this.exact = new Uint8Array(types.length);
    this.readBefore = new Uint8Array(types.length);
  }
}
