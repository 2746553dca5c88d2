/** The code of one generated function: WebAssembly bytes, local variables, and the labels that are open. */
import { ByteWriter } from '../../../bytes/writer.js';
import { ValType } from '../../../wasm/module.js';
import { OPCODE_BY_FLAT, opcodeByName } from '../../../wasm/opcode-lookup.js';

/** Parameters of every region. */
export const Param = { FP: 0, FUEL: 1, ROOM: 2 } as const;
const PARAMS = 3;
const EMPTY_BLOCK = 0x40;

/** The numbers of operators that are named in the code here. */
const opcodes = new Map<string, number>();

function opcode(name: string): number {
  const known = opcodes.get(name);
  if (known !== undefined) return known;
  const { op } = opcodeByName(name)!;
  opcodes.set(name, op);
  return op;
}

export class Body {
  code = new ByteWriter(4096);
  /** Types of the local variables behind the parameters. */
  readonly locals: number[] = [];
  /** What each open label stands for, outermost first. */
  private readonly labels: unknown[] = [];

  newLocal(type: number): number {
    return PARAMS + this.locals.push(type) - 1;
  }

  /** Operators without immediates, by name. */
  op(...names: string[]): this {
    for (const name of names) this.flat(opcode(name));
    return this;
  }

  /** An operator by flat number. */
  flat(op: number): this {
    if (op < 0x100) this.code.u8(op);
    else {
      const { prefix, sub } = OPCODE_BY_FLAT[op]!;
      this.code.u8(prefix);
      this.code.u32(sub);
    }
    return this;
  }

  get(local: number): this {
    this.op('local.get').code.u32(local);
    return this;
  }

  set(local: number): this {
    this.op('local.set').code.u32(local);
    return this;
  }

  tee(local: number): this {
    this.op('local.tee').code.u32(local);
    return this;
  }

  i32(value: number): this {
    this.op('i32.const').code.s32(value | 0);
    return this;
  }

  i64(value: bigint | number): this {
    this.op('i64.const').code.s64(BigInt.asIntN(64, BigInt(value)));
    return this;
  }

  /** A load or store without a hint of alignment. */
  access(op: number, offset: number): this {
    this.flat(op).code.u32(0);
    this.code.u32(offset >>> 0);
    return this;
  }

  /** The same by name. */
  memory(name: string, offset: number): this {
    return this.access(opcode(name), offset);
  }

  open(kind: 'block' | 'loop' | 'if', label?: unknown): this {
    this.op(kind).code.u8(EMPTY_BLOCK);
    this.labels.push(label);
    return this;
  }

  end(): this {
    this.labels.pop();
    return this.op('end');
  }

  /** How many labels out `label` is; -1 if it is not open. */
  depth(label: unknown): number {
    const at = this.labels.lastIndexOf(label);
    return at < 0 ? -1 : this.labels.length - 1 - at;
  }

  br(label: unknown): this {
    const depth = this.depth(label);
    if (depth < 0) throw new RangeError('a branch into the middle of a loop');
    this.op('br').code.u32(depth);
    return this;
  }

  /** Changes the value on top of the stack from one slot type to another; both are views of the same 64 bits. */
  convert(from: number, to: number): this {
    if (from === to) return this;
    if (from === ValType.V128 || to === ValType.V128) throw new RangeError('a vector is not seen as a number');
    if (from === ValType.F32) this.op('i32.reinterpret_f32');
    if (from === ValType.F64) this.op('i64.reinterpret_f64');
    const isWide = from === ValType.I64 || from === ValType.F64;
    const wantsWide = to === ValType.I64 || to === ValType.F64;
    if (isWide && !wantsWide) this.op('i32.wrap_i64');
    if (!isWide && wantsWide) this.op('i64.extend_i32_u');
    if (to === ValType.F32) this.op('f32.reinterpret_i32');
    if (to === ValType.F64) this.op('f64.reinterpret_i64');
    return this;
  }
}
