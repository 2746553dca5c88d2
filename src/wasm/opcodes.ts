/**
 * The one opcode table (core spec 5.4 and appendix "Index of Instructions", plus the proposals that are accepted or
 * refused by name). Everything else about opcodes is derived from it: validation, injection, the interpreter's
 * generator, messages. See `opcode-builder.ts` for the notation.
 */
import { Imm, type Opcode } from './opcode.js';
import { type Group, define as rowsOf, typed } from './opcode-builder.js';

const rows: Opcode[] = [];

function define(group: Group, first: number, signature: string, names: string): void {
  rows.push(...rowsOf(group, first, signature, names));
}

const control: Group = { family: 'control' };
define(control, 0x00, '', 'unreachable');
define(control, 0x01, ':', 'nop');
define({ ...control, imm: Imm.BlockType }, 0x02, '', 'block loop if');
define(control, 0x05, '', 'else');
define(control, 0x0b, '', 'end');
define({ ...control, imm: Imm.Label }, 0x0c, '', 'br br_if');
define({ ...control, imm: Imm.LabelTable }, 0x0e, '', 'br_table');
define(control, 0x0f, '', 'return');
define({ ...control, imm: Imm.Func }, 0x10, '', 'call');
define({ ...control, imm: Imm.TypeTable }, 0x11, '', 'call_indirect');

const tailCall: Group = { family: 'control', feature: 'tail-call' };
define({ ...tailCall, imm: Imm.Func }, 0x12, '', 'return_call');
define({ ...tailCall, imm: Imm.TypeTable }, 0x13, '', 'return_call_indirect');

const legacy: Group = { family: 'exception', feature: 'legacy-exceptions' };
define({ ...legacy, imm: Imm.BlockType }, 0x06, '', 'try');
define({ ...legacy, imm: Imm.Tag }, 0x07, '', 'catch');
define({ ...legacy, imm: Imm.Label }, 0x09, '', 'rethrow');
define({ ...legacy, imm: Imm.Label }, 0x18, '', 'delegate');
define(legacy, 0x19, '', 'catch_all');
/** `throw` is the same instruction in both forms of the proposal. */
define({ family: 'exception', feature: 'exceptions', imm: Imm.Tag }, 0x08, '', 'throw');
define({ family: 'exception', feature: 'exceptions' }, 0x0a, '', 'throw_ref');
define({ family: 'exception', feature: 'exceptions', imm: Imm.TryTable }, 0x1f, '', 'try_table');

define({ family: 'parametric' }, 0x1a, '', 'drop select');
define({ family: 'parametric', feature: 'reference-types', imm: Imm.ValTypes }, 0x1c, '', 'select~t');
define({ family: 'variable', imm: Imm.Local }, 0x20, '', 'local.get local.set local.tee');
define({ family: 'variable', imm: Imm.Global }, 0x23, '', 'global.get global.set');
const tables: Group = { family: 'table', feature: 'reference-types', imm: Imm.Table };
define(tables, 0x25, '', 'table.get table.set');

const access: Group = { family: 'memory', imm: Imm.MemArg };
define(access, 0x28, 'i:i', 'i32.load@2');
define(access, 0x29, 'i:l', 'i64.load@3');
define(access, 0x2a, 'i:f', 'f32.load@2');
define(access, 0x2b, 'i:d', 'f64.load@3');
define(access, 0x2c, 'i:i', 'i32.load8_s@0 i32.load8_u@0 i32.load16_s@1 i32.load16_u@1');
define(access, 0x30, 'i:l', 'i64.load8_s@0 i64.load8_u@0 i64.load16_s@1 i64.load16_u@1 i64.load32_s@2 i64.load32_u@2');
define(access, 0x36, 'ii:', 'i32.store@2');
define(access, 0x37, 'il:', 'i64.store@3');
define(access, 0x38, 'if:', 'f32.store@2');
define(access, 0x39, 'id:', 'f64.store@3');
define(access, 0x3a, 'ii:', 'i32.store8@0 i32.store16@1');
define(access, 0x3c, 'il:', 'i64.store8@0 i64.store16@1 i64.store32@2');
define({ family: 'memory', imm: Imm.Memory }, 0x3f, ':i', 'memory.size');
define({ family: 'memory', imm: Imm.Memory }, 0x40, 'i:i', 'memory.grow');

const integer: Group = { family: 'integer' };
const float: Group = { family: 'float' };
define({ ...integer, imm: Imm.I32 }, 0x41, ':i', 'i32.const');
define({ ...integer, imm: Imm.I64 }, 0x42, ':l', 'i64.const');
define({ ...float, imm: Imm.F32 }, 0x43, ':f', 'f32.const');
define({ ...float, imm: Imm.F64 }, 0x44, ':d', 'f64.const');

const COMPARE_INT = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const COMPARE_FLOAT = 'eq ne lt gt le ge';
const BINARY_INT = 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const UNARY_FLOAT = 'abs neg ceil floor trunc nearest sqrt';
const BINARY_FLOAT = 'add sub mul div min max copysign';
define(integer, 0x45, 'i:i', 'i32.eqz');
define(integer, 0x46, 'ii:i', typed('i32', COMPARE_INT));
define(integer, 0x50, 'l:i', 'i64.eqz');
define(integer, 0x51, 'll:i', typed('i64', COMPARE_INT));
define(float, 0x5b, 'ff:i', typed('f32', COMPARE_FLOAT));
define(float, 0x61, 'dd:i', typed('f64', COMPARE_FLOAT));
define(integer, 0x67, 'i:i', typed('i32', 'clz ctz popcnt'));
define(integer, 0x6a, 'ii:i', typed('i32', BINARY_INT));
define(integer, 0x79, 'l:l', typed('i64', 'clz ctz popcnt'));
define(integer, 0x7c, 'll:l', typed('i64', BINARY_INT));
define(float, 0x8b, 'f:f', typed('f32', UNARY_FLOAT));
define(float, 0x92, 'ff:f', typed('f32', BINARY_FLOAT));
define(float, 0x99, 'd:d', typed('f64', UNARY_FLOAT));
define(float, 0xa0, 'dd:d', typed('f64', BINARY_FLOAT));

const convert: Group = { family: 'convert' };
define(convert, 0xa7, 'l:i', 'i32.wrap_i64');
define(convert, 0xa8, 'f:i', 'i32.trunc_f32_s i32.trunc_f32_u');
define(convert, 0xaa, 'd:i', 'i32.trunc_f64_s i32.trunc_f64_u');
define(convert, 0xac, 'i:l', 'i64.extend_i32_s i64.extend_i32_u');
define(convert, 0xae, 'f:l', 'i64.trunc_f32_s i64.trunc_f32_u');
define(convert, 0xb0, 'd:l', 'i64.trunc_f64_s i64.trunc_f64_u');
define(convert, 0xb2, 'i:f', 'f32.convert_i32_s f32.convert_i32_u');
define(convert, 0xb4, 'l:f', 'f32.convert_i64_s f32.convert_i64_u');
define(convert, 0xb6, 'd:f', 'f32.demote_f64');
define(convert, 0xb7, 'i:d', 'f64.convert_i32_s f64.convert_i32_u');
define(convert, 0xb9, 'l:d', 'f64.convert_i64_s f64.convert_i64_u');
define(convert, 0xbb, 'f:d', 'f64.promote_f32');
define(convert, 0xbc, 'f:i', 'i32.reinterpret_f32');
define(convert, 0xbd, 'd:l', 'i64.reinterpret_f64');
define(convert, 0xbe, 'i:f', 'f32.reinterpret_i32');
define(convert, 0xbf, 'l:d', 'f64.reinterpret_i64');
define({ family: 'integer', feature: 'sign-extension' }, 0xc0, 'i:i', 'i32.extend8_s i32.extend16_s');
define({ family: 'integer', feature: 'sign-extension' }, 0xc2, 'l:l', 'i64.extend8_s i64.extend16_s i64.extend32_s');

const reference: Group = { family: 'reference', feature: 'reference-types' };
define({ ...reference, imm: Imm.RefType }, 0xd0, '', 'ref.null');
define(reference, 0xd1, '', 'ref.is_null');
define({ ...reference, imm: Imm.Func }, 0xd2, '', 'ref.func');
const typedFunction: Group = { family: 'gc', feature: 'function-references', imm: Imm.Opaque };
define(typedFunction, 0x14, '', 'call_ref return_call_ref');
define(typedFunction, 0xd4, '', 'ref.as_non_null br_on_null br_on_non_null');
define({ ...typedFunction, feature: 'gc' }, 0xd3, '', 'ref.eq');

const saturating: Group = { prefix: 0xfc, family: 'convert', feature: 'saturating-float-to-int' };
define(saturating, 0, 'f:i', 'i32.trunc_sat_f32_s i32.trunc_sat_f32_u');
define(saturating, 2, 'd:i', 'i32.trunc_sat_f64_s i32.trunc_sat_f64_u');
define(saturating, 4, 'f:l', 'i64.trunc_sat_f32_s i64.trunc_sat_f32_u');
define(saturating, 6, 'd:l', 'i64.trunc_sat_f64_s i64.trunc_sat_f64_u');
const bulk = { prefix: 0xfc, feature: 'bulk-memory' } as const;
define({ ...bulk, family: 'memory', imm: Imm.DataMemory }, 8, 'iii:', 'memory.init');
define({ ...bulk, family: 'memory', imm: Imm.Data }, 9, ':', 'data.drop');
define({ ...bulk, family: 'memory', imm: Imm.MemoryMemory }, 10, 'iii:', 'memory.copy');
define({ ...bulk, family: 'memory', imm: Imm.Memory }, 11, 'iii:', 'memory.fill');
define({ ...bulk, family: 'table', imm: Imm.ElemTable }, 12, '', 'table.init');
define({ ...bulk, family: 'table', imm: Imm.Elem }, 13, ':', 'elem.drop');
define({ ...bulk, family: 'table', imm: Imm.TableTable }, 14, '', 'table.copy');
define({ ...tables, prefix: 0xfc }, 15, '', 'table.grow');
define({ ...tables, prefix: 0xfc }, 16, ':i', 'table.size');
define({ ...tables, prefix: 0xfc }, 17, '', 'table.fill');

const simd: Group = { prefix: 0xfd, family: 'vector', feature: 'simd' };
const simdAccess: Group = { ...simd, imm: Imm.MemArg };
const lane: Group = { ...simd, imm: Imm.Lane };
const EXTENDING_LOADS = 'load8x8_s@3 load8x8_u@3 load16x4_s@3 load16x4_u@3 load32x2_s@3 load32x2_u@3';
define(simdAccess, 0x00, 'i:v', typed('v128', `load@4 ${EXTENDING_LOADS}`));
define(simdAccess, 0x07, 'i:v', typed('v128', 'load8_splat@0 load16_splat@1 load32_splat@2 load64_splat@3'));
define(simdAccess, 0x0b, 'iv:', 'v128.store@4');
define({ ...simd, imm: Imm.V128 }, 0x0c, ':v', 'v128.const');
define({ ...simd, imm: Imm.Shuffle }, 0x0d, 'vv:v', 'i8x16.shuffle');
define(simd, 0x0e, 'vv:v', 'i8x16.swizzle');
define(simd, 0x0f, 'i:v', 'i8x16.splat i16x8.splat i32x4.splat');
define(simd, 0x12, 'l:v', 'i64x2.splat');
define(simd, 0x13, 'f:v', 'f32x4.splat');
define(simd, 0x14, 'd:v', 'f64x2.splat');
define(lane, 0x15, 'v:i', 'i8x16.extract_lane_s i8x16.extract_lane_u');
define(lane, 0x17, 'vi:v', 'i8x16.replace_lane');
define(lane, 0x18, 'v:i', 'i16x8.extract_lane_s i16x8.extract_lane_u');
define(lane, 0x1a, 'vi:v', 'i16x8.replace_lane');
define(lane, 0x1b, 'v:i', 'i32x4.extract_lane');
define(lane, 0x1c, 'vi:v', 'i32x4.replace_lane');
define(lane, 0x1d, 'v:l', 'i64x2.extract_lane');
define(lane, 0x1e, 'vl:v', 'i64x2.replace_lane');
define(lane, 0x1f, 'v:f', 'f32x4.extract_lane');
define(lane, 0x20, 'vf:v', 'f32x4.replace_lane');
define(lane, 0x21, 'v:d', 'f64x2.extract_lane');
define(lane, 0x22, 'vd:v', 'f64x2.replace_lane');
for (const [at, shape] of ['i8x16', 'i16x8', 'i32x4'].entries()) {
  define(simd, 0x23 + at * 10, 'vv:v', typed(shape, COMPARE_INT));
}
define(simd, 0x41, 'vv:v', `${typed('f32x4', COMPARE_FLOAT)} ${typed('f64x2', COMPARE_FLOAT)}`);
define(simd, 0x4d, 'v:v', 'v128.not');
define(simd, 0x4e, 'vv:v', 'v128.and v128.andnot v128.or v128.xor');
define(simd, 0x52, 'vvv:v', 'v128.bitselect');
define(simd, 0x53, 'v:i', 'v128.any_true');
const laneAccess: Group = { ...simd, imm: Imm.MemArgLane };
define(laneAccess, 0x54, 'iv:v', typed('v128', 'load8_lane@0 load16_lane@1 load32_lane@2 load64_lane@3'));
define(laneAccess, 0x58, 'iv:', typed('v128', 'store8_lane@0 store16_lane@1 store32_lane@2 store64_lane@3'));
define(simdAccess, 0x5c, 'i:v', 'v128.load32_zero@2 v128.load64_zero@3');
define(simd, 0x5e, 'v:v', 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4');

define(simd, 0x60, 'v:v', 'i8x16.abs i8x16.neg i8x16.popcnt');
define(simd, 0x63, 'v:i', 'i8x16.all_true i8x16.bitmask');
define(simd, 0x65, 'vv:v', 'i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u');
define(simd, 0x67, 'v:v', typed('f32x4', 'ceil floor trunc nearest'));
define(simd, 0x6b, 'vi:v', typed('i8x16', 'shl shr_s shr_u'));
define(simd, 0x6e, 'vv:v', typed('i8x16', 'add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'));
define(simd, 0x74, 'v:v', 'f64x2.ceil f64x2.floor');
define(simd, 0x76, 'vv:v', typed('i8x16', 'min_s min_u max_s max_u'));
define(simd, 0x7a, 'v:v', 'f64x2.trunc');
define(simd, 0x7b, 'vv:v', 'i8x16.avgr_u');
define(simd, 0x7c, 'v:v', 'i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u');
define(simd, 0x7e, 'v:v', 'i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u');

define(simd, 0x80, 'v:v', 'i16x8.abs i16x8.neg');
define(simd, 0x82, 'vv:v', 'i16x8.q15mulr_sat_s');
define(simd, 0x83, 'v:i', 'i16x8.all_true i16x8.bitmask');
define(simd, 0x85, 'vv:v', 'i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u');
define(simd, 0x94, 'v:v', 'f64x2.nearest');
define(simd, 0x8e, 'vv:v', typed('i16x8', 'add add_sat_s add_sat_u sub sub_sat_s sub_sat_u'));
define(simd, 0x95, 'vv:v', typed('i16x8', 'mul min_s min_u max_s max_u - avgr_u'));
define(simd, 0xa0, 'v:v', 'i32x4.abs i32x4.neg');
define(simd, 0xa3, 'v:i', 'i32x4.all_true i32x4.bitmask');
define(simd, 0xae, 'vv:v', typed('i32x4', 'add - - sub - - - mul min_s min_u max_s max_u dot_i16x8_s'));
define(simd, 0xc0, 'v:v', 'i64x2.abs i64x2.neg');
define(simd, 0xc3, 'v:i', 'i64x2.all_true i64x2.bitmask');
define(simd, 0xce, 'vv:v', typed('i64x2', 'add - - sub - - - mul eq ne lt_s gt_s le_s ge_s'));
for (const [at, [shape, half]] of [
  ['i16x8', 'i8x16'],
  ['i32x4', 'i16x8'],
  ['i64x2', 'i32x4'],
].entries()) {
  const base = 0x80 + at * 0x20;
  const halves = (op: string) => ['low', 'high'].map((side) => `${op}_${side}_${half}`);
  const signs = (op: string) =>
    ['s', 'u']
      .map((sign) =>
        halves(op)
          .map((name) => `${name}_${sign}`)
          .join(' '),
      )
      .join(' ');
  define(simd, base + 0x07, 'v:v', typed(shape!, signs('extend')));
  define(simd, base + 0x0b, 'vi:v', typed(shape!, 'shl shr_s shr_u'));
  define(simd, base + 0x1c, 'vv:v', typed(shape!, signs('extmul')));
}
for (const [at, shape] of ['f32x4', 'f64x2'].entries()) {
  define(simd, 0xe0 + at * 12, 'v:v', typed(shape, 'abs neg - sqrt'));
  define(simd, 0xe4 + at * 12, 'vv:v', typed(shape, 'add sub mul div min max pmin pmax'));
}
define(
  simd,
  0xf8,
  'v:v',
  'i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u',
);
define(simd, 0xfc, 'v:v', 'i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero');
define(simd, 0xfe, 'v:v', 'f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u');

const relaxed: Group = { ...simd, feature: 'relaxed-simd' };
define(relaxed, 0x100, 'vv:v', 'i8x16.relaxed_swizzle');
define(relaxed, 0x101, 'v:v', 'i32x4.relaxed_trunc_f32x4_s i32x4.relaxed_trunc_f32x4_u');
define(relaxed, 0x103, 'v:v', 'i32x4.relaxed_trunc_f64x2_s_zero i32x4.relaxed_trunc_f64x2_u_zero');
define(relaxed, 0x105, 'vvv:v', 'f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd');
define(relaxed, 0x109, 'vvv:v', ['i8x16', 'i16x8', 'i32x4', 'i64x2'].map((s) => `${s}.relaxed_laneselect`).join(' '));
define(relaxed, 0x10d, 'vv:v', 'f32x4.relaxed_min f32x4.relaxed_max f64x2.relaxed_min f64x2.relaxed_max');
define(relaxed, 0x111, 'vv:v', 'i16x8.relaxed_q15mulr_s i16x8.relaxed_dot_i8x16_i7x16_s');
define(relaxed, 0x113, 'vvv:v', 'i32x4.relaxed_dot_i8x16_i7x16_add_s');

const atomic: Group = { prefix: 0xfe, family: 'atomic', feature: 'threads', imm: Imm.MemArg };
define(atomic, 0x00, 'ii:i', 'memory.atomic.notify@2');
define(atomic, 0x01, 'iil:i', 'memory.atomic.wait32@2');
define(atomic, 0x02, 'ill:i', 'memory.atomic.wait64@3');
define({ ...atomic, imm: Imm.Fence }, 0x03, ':', 'atomic.fence');
/** Every atomic access comes in these seven widths, in this order. */
const ATOMIC_WIDTHS = ['i32.@2', 'i64.@3', 'i32.8@0', 'i32.16@1', 'i64.8@0', 'i64.16@1', 'i64.32@2'];
const ATOMIC_KINDS = ['load', 'store', 'rmw.add', 'rmw.sub', 'rmw.and', 'rmw.or', 'rmw.xor', 'rmw.xchg', 'rmw.cmpxchg'];
for (const [row, kind] of ATOMIC_KINDS.entries()) {
  for (const [column, width] of ATOMIC_WIDTHS.entries()) {
    const [type, bits, align] = width.split(/[.@]/) as [string, string, string];
    const value = type === 'i32' ? 'i' : 'l';
    const [verb, operator] = kind.split('.') as [string, string?];
    const suffix = bits !== '' && kind !== 'store' ? '_u' : '';
    const name = `${type}.atomic.${verb}${bits}${operator ? `.${operator}` : ''}${suffix}@${align}`;
    const operands = { load: '', store: value, 'rmw.cmpxchg': value + value }[kind] ?? value;
    define(atomic, 0x10 + row * 7 + column, `i${operands}:${kind === 'store' ? '' : value}`, name);
  }
}

const gc: Group = { prefix: 0xfb, family: 'gc', feature: 'gc', imm: Imm.Opaque };
define(
  gc,
  0x00,
  '',
  `struct.new struct.new_default struct.get struct.get_s struct.get_u struct.set
  array.new array.new_default array.new_fixed array.new_data array.new_elem array.get array.get_s array.get_u
  array.set array.len array.fill array.copy array.init_data array.init_elem ref.test ref.test~null ref.cast
  ref.cast~null br_on_cast br_on_cast_fail any.convert_extern extern.convert_any ref.i31 i31.get_s i31.get_u`,
);

/** Every opcode, in order of its flat number. */
export const OPCODES: readonly Opcode[] = rows.sort((a, b) => a.op - b.op);
