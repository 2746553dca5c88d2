/** Straight code: operators, moves, memory accesses. What would trap leaves the region first, and traps in the loop. */
import { ValType } from '../../../wasm/module.js';
import { Memory } from '../generated/abi.js';
import { Ir } from '../generated/ir.js';
import { type Access, accessesOf, RAW, RAW_LOW } from './accesses.js';
import { BoundsChecks } from './bounds-checks.js';
import { canStayNoncanonical } from './canonical.js';
import type { Emitter } from './emitter.js';
import type { Block } from './ir-code.js';
import { RAW_ACCESS, type Semantics, semanticsOf } from './semantics.js';
import { emitTrapChecks } from './trap-checks.js';

const { I32, I64, V128 } = ValType;

/** Emits the instructions of one block, one after the other. */
export class OpEmitter {
  private readonly bounds: BoundsChecks;

  constructor(
    private readonly e: Emitter,
    private readonly block: Block,
    /** Operands needed in front of each instruction. */
    private readonly around: readonly ReadonlySet<number>[],
  ) {
    this.bounds = new BoundsChecks(e, block, around);
  }

  /** @returns whether the region goes on behind instruction `index` of the block */
  emit(index: number): boolean {
    const at = this.block.ops[index]!;
    const accesses = accessesOf(this.e.code, at);
    if (accesses === undefined) {
      this.e.exit(at, this.around[index]!);
      return false;
    }
    const semantics = semanticsOf(this.e.code.op(at));
    if (RAW_ACCESS.has(this.e.code.op(at))) this.rawAccess(index, at, accesses.reads, accesses.write);
    else if (semantics !== undefined) this.operator(index, at, semantics, accesses.reads, accesses.write);
    else this.move(index, at, accesses.reads, accesses.write);
    if (accesses.write !== undefined) this.forget(accesses.write);
    return true;
  }

  /** The address in a slot is not the one that was checked any more. */
  private forget({ slot, type }: Access): void {
    this.bounds.forget(slot);
    if (type === V128) this.bounds.forget(slot + 8);
  }

  /** Behind a call. */
  forgetAll(): void {
    this.bounds.clear();
  }

  private operator(index: number, at: number, semantics: Semantics, reads: readonly Access[], write?: Access): void {
    const { body, code, homes } = this.e;
    const { form, wasm } = semantics;
    if (form === 'load' || form === 'store') {
      this.bounds.check(index);
      for (const { slot, type } of reads) homes.get(slot, type);
      body.access(wasm, Memory.GUEST + (code.word(at, 'off') >>> 0));
    } else {
      emitTrapChecks(this.e, at, semantics, this.around[index]!);
      for (const { slot, type } of reads) homes.get(slot, type);
      if (semantics.immediate) {
        if (semantics.params[1] === I64) body.i64(code.word(at, 'imm'));
        else body.i32(code.word(at, 'imm'));
      }
      body.flat(wasm);
      if (form === 'lane1' || form === 'lane2') body.code.u8(code.field(at, 'lane'));
      if (form === 'shuffle') body.code.copy(code.bytes(at, 'imm128', 16));
    }
    if (write === undefined) return;
    if (semantics.canon && !canStayNoncanonical(this.e, this.block, index, this.around)) this.canonical(semantics);
    homes.set(write.slot, write.type);
  }

  /** The handlers' `if (d != d) d = NaN`, in lanes by a mask. */
  private canonical({ name, result }: Semantics): void {
    const { body } = this.e;
    const value = this.e.temporary(result);
    if (result === V128) {
      const wide = name.startsWith('f64x2');
      body.tee(value);
      if (wide) body.i64(0x7ff8n << 48n).op('i64x2.splat');
      else body.i32(0x7fc00000).op('i32x4.splat');
      body
        .get(value)
        .get(value)
        .op(wide ? 'f64x2.eq' : 'f32x4.eq', 'v128.bitselect');
      return;
    }
    const isDouble = result === ValType.F64;
    body
      .set(value)
      .get(value)
      .get(value)
      .op(isDouble ? 'f64.ne' : 'f32.ne')
      .open('if');
    if (isDouble) body.i64(0x7ff8n << 48n).op('f64.reinterpret_i64');
    else body.i32(0x7fc00000).op('f32.reinterpret_i32');
    body.set(value).end().get(value);
  }

  private rawAccess(index: number, at: number, reads: readonly Access[], write: Access | undefined): void {
    const { body, code, homes } = this.e;
    const operators = RAW_ACCESS.get(code.op(at))!;
    const offset = Memory.GUEST + (code.word(at, 'off') >>> 0);
    this.bounds.check(index);
    homes.get(reads[0]!.slot, I32);
    const value = write ?? reads[1]!;
    const { type } = homes.of(value.slot, value.type);
    const as = operators.has(type) ? type : operators.has(I64) ? I64 : I32;
    if (write === undefined) homes.get(value.slot, as);
    body.access(operators.get(as)!, offset);
    if (write !== undefined) homes.set(write.slot, as);
  }

  private move(index: number, at: number, reads: readonly Access[], write: Access | undefined): void {
    const { body, code, homes } = this.e;
    const op = code.op(at);
    const as = write === undefined ? I64 : homes.of(write.slot, write.type).type;
    switch (op) {
      case Ir.mov:
      case Ir.mov_v128:
        homes.get(reads[0]!.slot, as);
        break;
      case Ir.select:
      case Ir.select_v128:
        for (const { slot, type } of reads) homes.get(slot, type === RAW || type === RAW_LOW ? as : type);
        body.op('select');
        if (as === V128) typedSelect(body);
        break;
      case Ir.const32:
        constant(this.e, as, BigInt(code.word(at, 'imm') >>> 0));
        break;
      case Ir.const64:
        constant(this.e, as, code.long(at, 'imm64'));
        break;
      case Ir.const_v128:
        body.op('v128.const').code.copy(code.bytes(at, 'imm128', 16));
        break;
      case Ir.global_get:
        body.i32(0).memory('i64.load', code.word(at, 'addr')).convert(I64, as);
        break;
      case Ir.global_get_v128:
        body.i32(0).memory('v128.load', code.word(at, 'addr'));
        break;
      case Ir.global_set:
        body.i32(0);
        homes.get(reads[0]!.slot, I64);
        body.memory('i64.store', code.word(at, 'addr'));
        break;
      case Ir.global_set_v128:
        body.i32(0);
        homes.get(reads[0]!.slot, V128);
        body.memory('v128.store', code.word(at, 'addr'));
        break;
      case Ir.memory_size:
        body.get(this.e.limit).i64(16).op('i64.shr_u', 'i32.wrap_i64').convert(I32, as);
        break;
      case Ir.memory_fill:
      case Ir.memory_copy:
        this.bulk(index, at, reads);
        break;
      case Ir.charge:
        this.e.charge(code.field(at, 'cost'), at, this.around[index]!);
        this.bounds.clear();
        break;
      default:
        break;
    }
    if (write !== undefined) homes.set(write.slot, as);
  }

  private bulk(index: number, at: number, reads: readonly Access[]): void {
    const { body, code, homes, limit } = this.e;
    const isCopy = code.op(at) === Ir.memory_copy;
    const [a, b, c] = reads.map(({ slot }) => slot) as [number, number, number];
    const end = (from: number) => {
      for (const slot of [from, c]) {
        homes.get(slot, I32);
        body.op('i64.extend_i32_u');
      }
      body.op('i64.add').get(limit).op('i64.gt_u');
    };
    end(a);
    if (isCopy) {
      end(b);
      body.op('i32.or');
    }
    this.e.exitIf(at, this.around[index]!);
    homes.get(a, I32);
    body.i32(Memory.GUEST).op('i32.add');
    homes.get(b, I32);
    if (isCopy) body.i32(Memory.GUEST).op('i32.add');
    homes.get(c, I32);
    body.op(isCopy ? 'memory.copy' : 'memory.fill').code.u8(0);
    if (isCopy) body.code.u8(0);
  }
}

/** `select` without a type is for numbers only. */
function typedSelect({ code }: Emitter['body']): void {
  code.truncate(code.length - 1);
  code.u8(0x1c);
  code.u8(1);
  code.u8(V128);
}

function constant({ body }: Emitter, as: number, bits: bigint): void {
  if (as === I32 || as === ValType.F32) body.i32(Number(BigInt.asIntN(32, bits))).convert(I32, as);
  else body.i64(bits).convert(I64, as);
}
