/** Which slots an instruction reads and writes, and as what: the basis for where a region keeps their values. */
import { ValType } from '../../../wasm/module.js';
import { Ir } from '../generated/ir.js';
import type { IrCode } from './ir-code.js';
import { COMPARISON_OF, RAW_ACCESS, semanticsOf } from './semantics.js';

/** Besides value types: the whole slot as it is, or its lower half with the upper one zero. */
export const RAW = 0;
export const RAW_LOW = -1;

export interface Access {
  readonly slot: number;
  readonly type: number;
}

export interface Accesses {
  readonly reads: readonly Access[];
  readonly write: Access | undefined;
}

const NOTHING: Accesses = { reads: [], write: undefined };
const FIELDS = ['a', 'b', 'c'] as const;

/** Accesses of the instruction at `at` to its own frame; undefined if regions cannot have it. Calls are apart. */
export function accessesOf(code: IrCode, at: number): Accesses | undefined {
  const op = code.op(at);
  const slot = (field: string, type: number): Access => ({ slot: code.field(at, field), type });
  const comparison = COMPARISON_OF.get(op)?.compare;
  if (comparison !== undefined) return { reads: operands(code, at, comparison.params), write: undefined };
  if (RAW_ACCESS.has(op)) return rawAccess(op, slot);
  const semantics = semanticsOf(op);
  if (semantics !== undefined) {
    const { form, params, result } = semantics;
    if (form === 'load_lane' || form === 'store_lane') return undefined;
    if (form === 'store') return { reads: [slot('a', ValType.I32), slot('v', params[1]!)], write: undefined };
    const reads = operands(code, at, form === 'load' ? [ValType.I32] : params);
    return { reads, write: result === 0 ? undefined : slot('d', result) };
  }
  return moves(op, slot);
}

function operands(code: IrCode, at: number, params: readonly number[]): Access[] {
  return params.flatMap((type, index) => {
    const field = FIELDS[index]!;
    return code.has(at, field) ? [{ slot: code.field(at, field), type }] : [];
  });
}

function rawAccess(op: number, slot: (field: string, type: number) => Access): Accesses {
  const type = op === Ir.load64 || op === Ir.store64 ? RAW : RAW_LOW;
  const address = slot('a', ValType.I32);
  const isStore = op === Ir.store32 || op === Ir.store64 || op === Ir.store8 || op === Ir.store16;
  return isStore
    ? { reads: [address, slot('v', RAW)], write: undefined }
    : { reads: [address], write: slot('d', type) };
}

function moves(op: number, slot: (field: string, type: number) => Access): Accesses | undefined {
  const { I32, V128 } = ValType;
  switch (op) {
    case Ir.mov:
      return { reads: [slot('a', RAW)], write: slot('d', RAW) };
    case Ir.const32:
      return { reads: [], write: slot('d', RAW_LOW) };
    case Ir.const64:
    case Ir.global_get:
      return { reads: [], write: slot('d', RAW) };
    case Ir.global_set:
      return { reads: [slot('a', RAW)], write: undefined };
    case Ir.select:
      return { reads: [slot('a', RAW), slot('b', RAW), slot('c', I32)], write: slot('d', RAW) };
    case Ir.mov_v128:
      return { reads: [slot('a', V128)], write: slot('d', V128) };
    case Ir.const_v128:
    case Ir.global_get_v128:
      return { reads: [], write: slot('d', V128) };
    case Ir.global_set_v128:
      return { reads: [slot('a', V128)], write: undefined };
    case Ir.select_v128:
      return { reads: [slot('a', V128), slot('b', V128), slot('c', I32)], write: slot('d', V128) };
    case Ir.memory_size:
      return { reads: [], write: slot('d', I32) };
    case Ir.memory_fill:
    case Ir.memory_copy:
      return { reads: [slot('a', I32), slot('b', I32), slot('c', I32)], write: undefined };
    case Ir.br_nz:
    case Ir.br_z:
    case Ir.br_table:
      return { reads: [slot('a', I32)], write: undefined };
    case Ir.ret_slot:
      return { reads: [slot('a', RAW)], write: undefined };
    case Ir.jump:
    case Ir.br_loop:
    case Ir.charge:
    case Ir.ret:
    case Ir.nop:
      return NOTHING;
    default:
      return undefined;
  }
}
