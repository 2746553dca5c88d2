/**
 * THE table of the interpreter's internal instructions (IR). Everything else about them is generated from these rows:
 * the hot and the cold dispatch switch (assembly/generated), the numbers, sizes and field offsets that the translator
 * encodes with and the disassembler reads (src/engine/interpreter/generated), and the superinstructions.
 *
 * A row: `name`, the `wasm` operators that it implements, its `fields` in encoding order and its semantics.
 * Fields (see fields.mjs): `d a b c` are frame slots (`d` is the result), written `d:i32` with the type in which the
 * handler sees them; `imm off rel ...` are immediates. Semantics: `expr` computes `d`; `traps` are pairs (condition,
 * trap) tested before it; `access` is the byte width of a guest memory access at `a + off`, which adds the bounds check
 * and the variable `ea`; `effect` are statements; `branch` is the condition of a two-way branch; `control` is a
 * hand-written ending (the only rows that touch pc and fp). In all of them `$x` is the value of field x.
 *
 * i32 and f32 slots always hold their bits zero-extended to 64 (one canonical form, and a 64-bit copy never stalls on a
 * narrower store); so reinterpretations and i64.extend_i32_u need no code at all.
 */
import { controlRows } from './table-control.mjs';
import { vectorRows } from './table-vector.mjs';

const rows = [];

/**
 * Rare enough to leave the hot loop for: every hot row takes from what V8's better register allocator can hold (see
 * RATIONALE.md), room that a superinstruction uses better.
 */
const COLD = new Set(
  `i32_rotr_rr i64_rotr_rr i64_rotl_rr i64_div_s_rr i64_rem_s_rr i64_clz i64_ctz i64_extend8_s i64_extend16_s i64_popcnt
  load8_s_i64 load16_s_i64 f32_eq f32_ne f32_sqrt i32_trunc_f64_u`.split(/\s+/),
);

/** Adds rows; `heat` decides which of the two switches they live in. */
function add(heat, ...list) {
  for (const row of list) rows.push({ heat: COLD.has(row.name) ? 'cold' : heat, ...row });
}

const SIGNED = { i32: 'i32', i64: 'i64' };
const UNSIGNED = { i32: 'u32', i64: 'u64' };

// ---- integer arithmetic: register-register and register-immediate (the immediate is 32 bits, sign-extended)
const INT_BINARY = [
  ['add', '$a + $b', 'commutes'],
  ['sub', '$a - $b', 'negate'],
  ['mul', '$a * $b', 'commutes'],
  ['and', '$a & $b', 'commutes'],
  ['or', '$a | $b', 'commutes'],
  ['xor', '$a ^ $b', 'commutes'],
  ['shl', '$a << $b'],
  ['shr_s', '<U>(<S>$a >> <S>$b)'],
  ['shr_u', '$a >> $b'],
  ['rotl', 'rotl<U>($a, $b)'],
  ['rotr', 'rotr<U>($a, $b)', 'rotate'],
];
/** Rows with an immediate that stand for another operator's: the immediate is adjusted by the translator (see Adjust). */
const ADJUSTED = { sub: 'add', rotr: 'rotl', le_s: 'lt_s', le_u: 'lt_u', gt_s: 'ge_s', gt_u: 'ge_u' };
/** Comparisons; `gt` and `ge` between slots are `lt` and `le` with the operands swapped. */
const INT_COMPARE = [
  ['eq', '$a == $b', 'commutes'],
  ['ne', '$a != $b', 'commutes'],
  ['lt_s', '<S>$a < <S>$b'],
  ['lt_u', '$a < $b'],
  ['le_s', '<S>$a <= <S>$b'],
  ['le_u', '$a <= $b'],
  ['gt_s', '<S>$a > <S>$b', 'lt_s'],
  ['gt_u', '$a > $b', 'lt_u'],
  ['ge_s', '<S>$a >= <S>$b', 'le_s'],
  ['ge_u', '$a >= $b', 'le_u'],
];

for (const type of ['i32', 'i64']) {
  const own = (text) => text.replaceAll('<U>', `<${UNSIGNED[type]}>`).replaceAll('<S>', `<${SIGNED[type]}>`);
  for (const [name, expr, note] of INT_BINARY) {
    const wasm = [`${type}.${name}`];
    add('hot', {
      name: `${type}_${name}_rr`,
      form: 'rr',
      wasm,
      commutes: note === 'commutes',
      fields: `d:${type} a:${type} b:${type}`,
      expr: own(expr),
    });
    if (ADJUSTED[name]) {
      rows.push({ alias: true, wasm, adjust: note, ri: `${type}_${ADJUSTED[name]}_ri` });
      continue;
    }
    const imm = own(expr).replaceAll('$b', '$imm');
    add('hot', { name: `${type}_${name}_ri`, form: 'ri', wasm, fields: `d:${type} a:${type} imm:${type}`, expr: imm });
  }
  for (const [name, expr, note] of INT_COMPARE) {
    const wasm = [`${type}.${name}`];
    const swapped = note !== undefined && note !== 'commutes';
    const common = { wasm, commutes: note === 'commutes', compare: name };
    const imm = own(expr).replaceAll('$b', '$imm');
    if (swapped) rows.push({ alias: true, wasm, swapOf: `${type}_${note}_rr` });
    else {
      add('hot', {
        ...common,
        name: `${type}_${name}_rr`,
        form: 'rr',
        fields: `d:i32 a:${type} b:${type}`,
        expr: `<u32>(${own(expr)})`,
      });
      add('hot', {
        name: `br_${type}_${name}_rr`,
        branches: `${type}_${name}_rr`,
        fields: `a:${type} b:${type} costT costN rel`,
        branch: own(expr),
      });
    }
    // Orders of i64 with an immediate are not worth a row: the constant goes into a slot.
    if (type === 'i64' && !name.endsWith('q') && !name.endsWith('ne')) continue;
    if (ADJUSTED[name]) {
      rows.push({ alias: true, wasm, adjust: 'next', ri: `${type}_${ADJUSTED[name]}_ri` });
      continue;
    }
    add('hot', {
      ...common,
      name: `${type}_${name}_ri`,
      form: 'ri',
      fields: `d:i32 a:${type} imm:${type}`,
      expr: `<u32>(${imm})`,
    });
    add('hot', {
      name: `br_${type}_${name}_ri`,
      branches: `${type}_${name}_ri`,
      fields: `a:${type} costT costN rel imm:${type}`,
      branch: imm,
    });
  }
  const zero = [['$b == 0', 'INTEGER_DIVIDE_BY_ZERO']];
  const minusOne = `$b == -1 && $a == ${type === 'i32' ? '0x80000000' : '0x8000000000000000'}`;
  const binary = (name, more) => ({
    name: `${type}_${name}_rr`,
    form: 'rr',
    wasm: [`${type}.${name}`],
    fields: `d:${type} a:${type} b:${type}`,
    ...more,
  });
  add(
    'hot',
    binary('div_s', { traps: [...zero, [minusOne, 'INTEGER_OVERFLOW']], expr: own('<U>(<S>$a / <S>$b)') }),
    binary('div_u', { traps: zero, expr: '$a / $b' }),
    // The quotient of the one overflowing case does not exist, its remainder does (spec 4.3.2, irem_s).
    binary('rem_s', { traps: zero, expr: own(`<S>$b == -1 ? 0 : <U>(<S>$a % <S>$b)`) }),
    binary('rem_u', { traps: zero, expr: '$a % $b' }),
  );
  const unary = (name, expr) => ({
    name: `${type}_${name}`,
    form: 'r',
    wasm: [`${type}.${name}`],
    fields: `d:${type} a:${type}`,
    expr: own(expr),
  });
  add(
    'hot',
    unary('clz', 'clz<U>($a)'),
    unary('ctz', 'ctz<U>($a)'),
    unary('popcnt', 'popcnt<U>($a)'),
    unary('extend8_s', '<U><S><i8>$a'),
    unary('extend16_s', '<U><S><i16>$a'),
  );
}
add(
  'hot',
  { name: 'i32_wrap_i64', form: 'r', wasm: ['i32.wrap_i64'], fields: 'd:i32 a:i32', expr: '$a' },
  {
    name: 'i64_extend_i32_s',
    form: 'r',
    wasm: ['i64.extend_i32_s', 'i64.extend32_s'],
    fields: 'd:i64 a:i32',
    expr: '<u64><i64><i32>$a',
  },
);

// ---- floating point. `canon` replaces a NaN result by the canonical one (design.md section 5).
for (const [type, bits, sign, mask] of [
  ['f32', 'i32', '0x80000000', '0x7fffffff'],
  ['f64', 'i64', '0x8000000000000000', '0x7fffffffffffffff'],
]) {
  const binary = (name, expr, more = {}) => ({
    name: `${type}_${name}`,
    form: 'rr',
    wasm: [`${type}.${name}`],
    fields: `d:${type} a:${type} b:${type}`,
    canon: true,
    expr,
    ...more,
  });
  const unary = (name, expr) => ({
    name: `${type}_${name}`,
    form: 'r',
    wasm: [`${type}.${name}`],
    fields: `d:${type} a:${type}`,
    canon: true,
    expr,
  });
  add(
    'hot',
    binary('add', '$a + $b'),
    binary('sub', '$a - $b'),
    binary('mul', '$a * $b'),
    binary('div', '$a / $b'),
    unary('sqrt', `sqrt<${type}>($a)`),
  );
  for (const name of ['min', 'max']) add('cold', binary(name, `${name}<${type}>($a, $b)`));
  for (const name of ['ceil', 'floor', 'trunc', 'nearest']) add('cold', unary(name, `${name}<${type}>($a)`));
  // Bitwise on purpose: these three must not touch a NaN's payload.
  const bitwise = (name, fields, expr) => ({
    name: `${type}_${name}`,
    form: fields.includes('b:') ? 'rr' : 'r',
    wasm: [`${type}.${name}`],
    fields,
    expr,
  });
  add(
    'hot',
    bitwise('abs', `d:${bits} a:${bits}`, `$a & ${mask}`),
    bitwise('neg', `d:${bits} a:${bits}`, `$a ^ ${sign}`),
  );
  add('cold', bitwise('copysign', `d:${bits} a:${bits} b:${bits}`, `($a & ${mask}) | ($b & ${sign})`));
  for (const [name, operator, swapped] of [
    ['eq', '=='],
    ['ne', '!='],
    ['lt', '<', 'gt'],
    ['le', '<=', 'ge'],
  ]) {
    const row = `${type}_${name}`;
    const wasm = [`${type}.${name}`];
    add('hot', {
      name: row,
      form: 'rr',
      wasm,
      compare: name,
      fields: `d:i32 a:${type} b:${type}`,
      expr: `<u32>($a ${operator} $b)`,
    });
    if (swapped) rows.push({ alias: true, wasm: [`${type}.${swapped}`], swapOf: row });
  }
  // A branch on a false comparison is not the opposite comparison when NaNs are about: both senses exist.
  for (const [name, operator] of [
    ['eq', '=='],
    ['ne', '!='],
    ['lt', '<'],
    ['le', '<='],
  ]) {
    const fields = `a:${type} b:${type} costT costN rel`;
    if (type === 'f32') continue;
    add('hot', { name: `br_${type}_${name}`, branches: `${type}_${name}`, fields, branch: `$a ${operator} $b` });
    if (operator.startsWith('<'))
      add('hot', {
        name: `br_${type}_not_${name}`,
        branches: `!${type}_${name}`,
        fields,
        branch: `!($a ${operator} $b)`,
      });
  }
}

// ---- conversions
const canonical = { canon: true, form: 'r' };
add(
  'hot',
  { name: 'f64_convert_i32_s', form: 'r', wasm: ['f64.convert_i32_s'], fields: 'd:f64 a:i32', expr: '<f64><i32>$a' },
  { name: 'f64_convert_i32_u', form: 'r', wasm: ['f64.convert_i32_u'], fields: 'd:f64 a:i32', expr: '<f64>$a' },
  { ...canonical, name: 'f64_promote_f32', wasm: ['f64.promote_f32'], fields: 'd:f64 a:f32', expr: '<f64>$a' },
  { ...canonical, name: 'f32_demote_f64', wasm: ['f32.demote_f64'], fields: 'd:f32 a:f64', expr: '<f32>$a' },
);
for (const [to, from, cast] of [
  ['f32', 'i32_s', '<i32>'],
  ['f32', 'i32_u', ''],
  ['f32', 'i64_s', '<i64>'],
  ['f32', 'i64_u', ''],
  ['f64', 'i64_s', '<i64>'],
  ['f64', 'i64_u', ''],
]) {
  const name = `${to}_convert_${from}`;
  add(from.startsWith('i32') ? 'hot' : 'cold', {
    name,
    form: 'r',
    wasm: [`${to}.convert_${from}`],
    fields: `d:${to} a:${from.slice(0, 3)}`,
    expr: `<${to}>${cast}$a`,
  });
}
/** Exclusive bounds in which a truncation is exact: [type, sign, source, low, low included, high]. */
const TRUNCATIONS = [
  ['i32', 's', 'f32', '-2147483648.0', true, '2147483648.0'],
  ['i32', 'u', 'f32', '-1.0', false, '4294967296.0'],
  ['i32', 's', 'f64', '-2147483649.0', false, '2147483648.0'],
  ['i32', 'u', 'f64', '-1.0', false, '4294967296.0'],
  ['i64', 's', 'f32', '-9223372036854775808.0', true, '9223372036854775808.0'],
  ['i64', 'u', 'f32', '-1.0', false, '18446744073709551616.0'],
  ['i64', 's', 'f64', '-9223372036854775808.0', true, '9223372036854775808.0'],
  ['i64', 'u', 'f64', '-1.0', false, '18446744073709551616.0'],
];
for (const [type, sign, source, low, included, high] of TRUNCATIONS) {
  // asc compiles such a cast to the saturating operator, so the trapping form needs its own test (NaN fails it too).
  const cast = sign === 's' ? `<${UNSIGNED[type]}><${SIGNED[type]}>$a` : `<${UNSIGNED[type]}>$a`;
  const inRange = `$a ${included ? '>=' : '>'} <${source}>(${low}) && $a < <${source}>(${high})`;
  const fields = `d:${type} a:${source}`;
  const heat = type === 'i32' && source === 'f64' ? 'hot' : 'cold';
  add(heat, {
    name: `${type}_trunc_${source}_${sign}`,
    form: 'r',
    wasm: [`${type}.trunc_${source}_${sign}`],
    fields,
    traps: [[`!(${inRange})`, 'INVALID_CONVERSION']],
    expr: cast,
  });
  add(type === 'i32' && sign === 's' ? 'hot' : 'cold', {
    name: `${type}_trunc_sat_${source}_${sign}`,
    form: 'r',
    wasm: [`${type}.trunc_sat_${source}_${sign}`],
    fields,
    expr: cast,
  });
}

// ---- guest memory. Loads produce the whole 64-bit slot.
for (const [name, width, expr, ...wasm] of [
  ['load32', 4, '<u64>load<u32>(ea, GUEST)', 'i32.load', 'f32.load', 'i64.load32_u'],
  ['load64', 8, 'load<u64>(ea, GUEST)', 'i64.load', 'f64.load'],
  ['load8_u', 1, '<u64>load<u8>(ea, GUEST)', 'i32.load8_u', 'i64.load8_u'],
  ['load16_u', 2, '<u64>load<u16>(ea, GUEST)', 'i32.load16_u', 'i64.load16_u'],
  ['load8_s_i32', 1, '<u64><u32><i32>load<i8>(ea, GUEST)', 'i32.load8_s'],
  ['load16_s_i32', 2, '<u64><u32><i32>load<i16>(ea, GUEST)', 'i32.load16_s'],
  ['load8_s_i64', 1, '<u64><i64>load<i8>(ea, GUEST)', 'i64.load8_s'],
  ['load16_s_i64', 2, '<u64><i64>load<i16>(ea, GUEST)', 'i64.load16_s'],
  ['load32_s_i64', 4, '<u64><i64>load<i32>(ea, GUEST)', 'i64.load32_s'],
]) {
  add('hot', { name, form: 'load', wasm, fields: 'd:i64 a:i32 off', access: width, expr });
}
for (const [name, width, effect, ...wasm] of [
  ['store32', 4, 'store<u32>(ea, $v, GUEST)', 'i32.store', 'f32.store', 'i64.store32'],
  ['store64', 8, 'store<u64>(ea, $v, GUEST)', 'i64.store', 'f64.store'],
  ['store8', 1, 'store<u8>(ea, <u8>$v, GUEST)', 'i32.store8', 'i64.store8'],
  ['store16', 2, 'store<u16>(ea, <u16>$v, GUEST)', 'i32.store16', 'i64.store16'],
]) {
  add('hot', {
    name,
    form: 'store',
    wasm,
    fields: `a:i32 v:${width === 8 ? 'i64' : 'i32'} off`,
    access: width,
    effect: [effect],
  });
}

// ---- moves, constants, globals: they copy whole slots and serve every 64-bit type
add(
  'hot',
  { name: 'mov', fields: 'd:i64 a:i64', expr: '$a' },
  { name: 'const32', fields: 'd:i64 imm:u32', expr: '<u64>$imm' },
  { name: 'const64', fields: 'd:i64 imm64', expr: '$imm64' },
  { name: 'select', fields: 'd:i64 a:i64 b:i64 c:i32', expr: '$c ? $a : $b' },
  { name: 'global_get', fields: 'd:i64 addr', expr: 'load<u64>($addr)' },
  { name: 'global_set', fields: 'a:i64 addr', effect: ['store<u64>($addr, $a)'] },
);

for (const row of controlRows) rows.push(row);
for (const row of vectorRows) rows.push({ heat: 'cold', ...row });

/** Every IR row, hot ones first: their numbers are dense from 0, as a jump table needs. */
export const ROWS = [...rows.filter((row) => row.heat === 'hot'), ...rows.filter((row) => row.heat === 'cold')];

/** WebAssembly operators that are another row: with its operands swapped, or with an adjusted immediate. */
export const ALIASES = rows.filter((row) => row.alias);
