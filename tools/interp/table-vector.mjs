/** The v128 rows of the IR table. A v128 takes two consecutive slots; AssemblyScript has an operator of the same name. */

const SHAPES = { i8x16: 1, i16x8: 2, i32x4: 4, i64x2: 8, f32x4: 4, f64x2: 8 };
const rows = [];
const list = (text) => text.split(' ');
const wasmToIr = (name) => name.replace('.', '_');

function operators(shape, names, fields, expr, more = {}) {
  for (const name of list(names)) {
    const wasm = `${shape}.${name}`;
    const form = /\bb:/.test(fields) ? (/\bc:/.test(fields) ? 'rrr' : 'rr') : 'r';
    rows.push({ name: wasmToIr(wasm), form, wasm: [wasm], fields, expr: expr.replaceAll('@', wasm), ...more });
  }
}

const VV = 'd:v128 a:v128 b:v128';
const V = 'd:v128 a:v128';
const binary = (shape, names, more) => operators(shape, names, VV, '@($a, $b)', more);
const unary = (shape, names, more) => operators(shape, names, V, '@($a)', more);

// ---- integers
for (const shape of ['i8x16', 'i16x8', 'i32x4']) binary(shape, 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u add sub');
binary('i64x2', 'eq ne lt_s gt_s le_s ge_s add sub');
for (const shape of ['i8x16', 'i16x8']) binary(shape, 'add_sat_s add_sat_u sub_sat_s sub_sat_u avgr_u');
for (const shape of ['i8x16', 'i16x8', 'i32x4']) binary(shape, 'min_s min_u max_s max_u');
for (const shape of ['i16x8', 'i32x4', 'i64x2']) binary(shape, 'mul');
for (const shape of ['i8x16', 'i16x8', 'i32x4', 'i64x2']) {
  unary(shape, 'abs neg');
  operators(shape, 'shl shr_s shr_u', 'd:v128 a:v128 b:i32', '@($a, $b)');
  operators(shape, 'all_true bitmask', 'd:i32 a:v128', '<u32>@($a)');
}
unary('i8x16', 'popcnt');
binary('i8x16', 'narrow_i16x8_s narrow_i16x8_u swizzle');
binary('i16x8', 'narrow_i32x4_s narrow_i32x4_u q15mulr_sat_s');
binary('i32x4', 'dot_i16x8_s');
unary('i16x8', 'extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u');
unary('i32x4', 'extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u');
for (const [shape, half] of [
  ['i16x8', 'i8x16'],
  ['i32x4', 'i16x8'],
  ['i64x2', 'i32x4'],
]) {
  for (const side of ['low', 'high']) {
    unary(shape, `extend_${side}_${half}_s extend_${side}_${half}_u`);
    binary(shape, `extmul_${side}_${half}_s extmul_${side}_${half}_u`);
  }
}
operators('v128', 'not', V, '@($a)');
operators('v128', 'and andnot or xor', VV, '@($a, $b)');
operators('v128', 'bitselect', 'd:v128 a:v128 b:v128 c:v128', '@($a, $b, $c)');
operators('v128', 'any_true', 'd:i32 a:v128', '<u32>@($a)');

// ---- floats: lanes that are NaN become the canonical one, except where the operator only moves bits
for (const shape of ['f32x4', 'f64x2']) {
  const canon = { canonLanes: shape };
  binary(shape, 'eq ne lt gt le ge pmin pmax');
  unary(shape, 'abs neg');
  binary(shape, 'add sub mul div min max', canon);
  unary(shape, 'sqrt ceil floor trunc nearest', canon);
}
unary('f32x4', 'convert_i32x4_s convert_i32x4_u');
unary('f64x2', 'convert_low_i32x4_s convert_low_i32x4_u');
unary('f32x4', 'demote_f64x2_zero', { canonLanes: 'f32x4' });
unary('f64x2', 'promote_low_f32x4', { canonLanes: 'f64x2' });
unary('i32x4', 'trunc_sat_f32x4_s trunc_sat_f32x4_u trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero');

// ---- lanes. Vectors live in memory, so a lane is a small access into its slots.
const LANES = [
  ['i8x16', 'i32', 'u8', '<u8>'],
  ['i16x8', 'i32', 'u16', '<u16>'],
  ['i32x4', 'i32', 'u32', ''],
  ['i64x2', 'i64', 'u64', ''],
  ['f32x4', 'f32', 'f32', ''],
  ['f64x2', 'f64', 'f64', ''],
];
for (const [shape, type, lane, cast] of LANES) {
  operators(shape, 'splat', `d:v128 a:${type}`, lane.length < 3 || lane === 'u16' ? `@(${cast}$a)` : '@($a)');
  rows.push({
    name: `${shape}_replace_lane`,
    form: 'lane2',
    wasm: [`${shape}.replace_lane`],
    fields: `d:v128 a:v128 b:${type} lane`,
    expr: '$a',
    after: [`store<${lane}>(fp + load<u16>(pc, @d) + <u32>$lane * ${SHAPES[shape]}, ${cast}$b);`],
  });
}
const extract = (name, type, access) =>
  rows.push({ name: wasmToIr(name), form: 'lane1', wasm: [name], fields: `d:${type} a:address lane`, expr: access });
extract('i8x16.extract_lane_s', 'i32', '<u32><i32>load<i8>($a + <u32>$lane)');
extract('i8x16.extract_lane_u', 'i32', '<u32>load<u8>($a + <u32>$lane)');
extract('i16x8.extract_lane_s', 'i32', '<u32><i32>load<i16>($a + <u32>$lane * 2)');
extract('i16x8.extract_lane_u', 'i32', '<u32>load<u16>($a + <u32>$lane * 2)');
extract('i32x4.extract_lane', 'i32', 'load<u32>($a + <u32>$lane * 4)');
extract('i64x2.extract_lane', 'i64', 'load<u64>($a + <u32>$lane * 8)');
extract('f32x4.extract_lane', 'i32', 'load<u32>($a + <u32>$lane * 4)');
extract('f64x2.extract_lane', 'i64', 'load<u64>($a + <u32>$lane * 8)');
// swizzle gives 0 for indices from 16 on; the second one sees them lowered by 16, the small ones wrap far beyond.
rows.push({
  name: 'i8x16_shuffle',
  form: 'shuffle',
  wasm: ['i8x16.shuffle'],
  fields: 'd:v128 a:v128 b:v128 imm128',
  expr: 'v128.or(i8x16.swizzle($a, $imm128), i8x16.swizzle($b, i8x16.sub($imm128, i8x16.splat(16))))',
});

// ---- moves and constants
rows.push(
  { name: 'mov_v128', fields: V, expr: '$a' },
  { name: 'const_v128', fields: 'd:v128 imm128', expr: '$imm128' },
  { name: 'select_v128', fields: 'd:v128 a:v128 b:v128 c:i32', expr: '$c ? $a : $b' },
  { name: 'global_get_v128', fields: 'd:v128 addr', expr: 'v128.load($addr)' },
  { name: 'global_set_v128', fields: 'a:v128 addr', effect: ['v128.store($addr, $a);'] },
);

// ---- guest memory
const loads = (name, width, expr) =>
  rows.push({ name: wasmToIr(name), form: 'load', wasm: [name], fields: 'd:v128 a:i32 off', access: width, expr });
loads('v128.load', 16, 'v128.load(ea, GUEST)');
for (const [name, type] of [
  ['8x8_s', 'i8'],
  ['8x8_u', 'u8'],
  ['16x4_s', 'i16'],
  ['16x4_u', 'u16'],
  ['32x2_s', 'i32'],
  ['32x2_u', 'u32'],
]) {
  loads(`v128.load${name}`, 8, `v128.load_ext<${type}>(ea, GUEST)`);
}
for (const bits of [8, 16, 32, 64]) loads(`v128.load${bits}_splat`, bits / 8, `v128.load_splat<u${bits}>(ea, GUEST)`);
for (const bits of [32, 64]) loads(`v128.load${bits}_zero`, bits / 8, `v128.load_zero<u${bits}>(ea, GUEST)`);
for (const bits of [8, 16, 32, 64]) {
  rows.push({
    name: `v128_load${bits}_lane`,
    form: 'load_lane',
    wasm: [`v128.load${bits}_lane`],
    fields: 'd:v128 a:i32 b:v128 lane off',
    access: bits / 8,
    expr: '$b',
    after: [`store<u${bits}>(fp + load<u16>(pc, @d) + <u32>$lane * ${bits / 8}, load<u${bits}>(ea, GUEST));`],
  });
  rows.push({
    name: `v128_store${bits}_lane`,
    form: 'store_lane',
    wasm: [`v128.store${bits}_lane`],
    fields: 'a:i32 v:address lane off',
    access: bits / 8,
    effect: [`store<u${bits}>(ea, load<u${bits}>($v + <u32>$lane * ${bits / 8}), GUEST);`],
  });
}
rows.push({
  name: 'v128_store',
  form: 'store',
  wasm: ['v128.store'],
  fields: 'a:i32 v:v128 off',
  access: 16,
  effect: ['v128.store(ea, $v, GUEST);'],
});

export const vectorRows = rows;
