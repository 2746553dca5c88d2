import { describe, expect, it } from 'vitest';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { Op } from '../../../src/wasm/opcode.js';
import { validateDeclarations, validateFunction } from '../../../src/wasm/validate/index.js';
import { assemble, decodeText, refusalOf, withBody } from './support.js';

const refusalOfText = (text: string) => refusalOf(assemble(text, true));

describe('what a failure says', () => {
  it('names function, instruction, offset, expected and found type', () => {
    const refusal = refusalOfText('(module (func $sum (export "s") (result i32) i32.const 1 f64.const 2 i32.add))')!;
    expect(refusal.message).toBe(`function 0 "sum", i32.add: expected i32, found f64 (at offset 0x2a)`);
    expect(refusal.details).toMatchObject({
      functionIndex: 0,
      function: 'function 0 "sum"',
      opcode: 'i32.add',
      expected: 'i32',
      found: 'f64',
    });
  });

  it.each([
    ['an empty stack', '(func i32.add drop)', /i32\.add: expected i32, found an empty stack/],
    ['operands of an outer block', '(func i32.const 1 block i32.eqz drop end)', /no more operands in this block/],
    ['values left over', '(func i32.const 1)', /end: expected an empty stack.*found 1 more operands/],
    ['a missing result', '(func (result i64) i32.const 1)', /end: expected i64, found i32/],
    ['an if without else', '(func (result i32) (if (result i32) (i32.const 1) (then (i32.const 1))))', /`if` without/],
    ['an unknown local', '(func local.get 3 drop)', /a local index below 0, found unknown local 3/],
    ['an unknown label', '(func br 7)', /a label below 1, found unknown label 7/],
    ['an immutable global', '(global i32 (i32.const 0)) (func (global.set 0 (i32.const 1)))', /immutable global 0/],
    ['no memory', '(func (drop (i32.load (i32.const 0))))', /unknown memory 0: the module has none/],
    ['select of references', '(func (drop (select (ref.null func) (ref.null func) (i32.const 0))))', /typed select/],
    ['an undeclared function', '(func $f (drop (ref.func $f)))', /undeclared function 0/],
    [
      'br_table arities',
      '(func (block (result i32) (br_table 0 1 (i32.const 0) (i32.const 0))) drop)',
      /carry 1 values/,
    ],
    [
      'an indirect call of externref',
      '(type (func)) (table 1 externref) (func (call_indirect (type 0) (i32.const 0)))',
      /a table of externref/,
    ],
    [
      'a table copy between types',
      '(table 1 funcref) (table 1 externref) (func (table.copy 0 1 (i32.const 0) (i32.const 0) (i32.const 0)))',
      /one of externref/,
    ],
    [
      'a start function with a parameter',
      '(func $f (param i32)) (start $f)',
      /start: expected a function of type \[\] -> \[\], found \[i32\]/,
    ],
    ['duplicate exports', '(func (export "a") (export "a"))', /export "a".*duplicate/],
    ['an export of nothing', '(export "a" (table 0))', /unknown table 0/],
    ['a constant that is not', '(global i32 (i32.popcnt (i32.const 1)))', /global 0.*i32\.popcnt \(not constant\)/],
    ['a constant of another type', '(global i32 (i64.const 1))', /global 0: expected one value of type i32, found i64/],
    [
      'a constant from a defined global',
      '(global i32 (i32.const 1)) (global i32 (global.get 0))',
      /imported global.*unknown global 0/,
    ],
    ['limits upside down', '(memory 2 1)', /memory 0: expected a minimum size not above the maximum, found 2 above 1/],
    ['a memory above 4 GiB', '(memory 65537)', /at most 65536 pages/],
    ['a data segment without memory', '(data (i32.const 0) "x")', /unknown memory 0/],
    [
      'an element type',
      '(table 1 externref) (func $f) (elem (table 0) (i32.const 0) func $f)',
      /elements of type externref, found funcref/,
    ],
    ['a tag with results', '(tag (param i32) (result i32))', /tag 0: expected a type without results/],
  ])('%s', (_, text, message) => {
    const refusal = refusalOfText(`(module ${text})`);
    expect(refusal?.message).toMatch(message);
    expect(refusal?.code).toBe('FTW_INVALID');
    expect(refusal?.offset).toBeGreaterThanOrEqual(8);
  });

  it('has an offset inside the module even for an imported memory', () => {
    expect(refusalOfText('(module (import "a" "b" (memory 3 1)))')!.offset).toBe(8);
  });
});

describe('accepted beyond WebAssembly 1.0', () => {
  it.each([
    ['multi-value blocks', '(func (result i32 i64) (block (result i32 i64) (i32.const 1) (i64.const 2)))'],
    ['unreachable code of any type', '(func (result f32) unreachable i32.add drop drop)'],
    ['br_table in unreachable code', '(func (result i32) (block (result i32) unreachable br_table 0 1))'],
    [
      'tail calls',
      '(table 1 funcref) (func $f (result i32) (return_call $f)) (func (result i32) (return_call_indirect (result i32) (i32.const 0)))',
    ],
    ['extended constants', '(import "a" "b" (global i64)) (global i64 (i64.mul (global.get 0) (i64.const 3)))'],
    [
      'several memories',
      '(memory 1) (memory $m 1) (func (memory.copy 0 $m (i32.const 0) (i32.const 0) (i32.const 0)) (i32.store $m (i32.const 0) (i32.const 0)))',
    ],
    [
      'try, catch and rethrow',
      '(tag $t (param i32)) (func (result i32) try (result i32) i32.const 1 throw $t catch $t catch_all rethrow 0 end)',
    ],
    ['delegate', '(func try nop delegate 0)'],
    ['vectors', '(func (param v128) (result i32) local.get 0 local.get 0 i8x16.add i32x4.extract_lane 3)'],
    [
      'typed select',
      '(func (param externref) (result externref) (select (result externref) (local.get 0) (local.get 0) (i32.const 1)))',
    ],
  ])('%s', (_, text) => {
    expect(refusalOfText(`(module ${text})`)).toBeUndefined();
  });

  it.each([
    [
      'a tail call with other results',
      '(func $f) (func (result i32) (return_call $f))',
      /with the results of \[\] -> \[i32\]/,
    ],
    ['catch after catch_all', '(tag) (func try catch_all catch 0 end)', /before `catch_all`/],
    ['rethrow out of a catch', '(func block rethrow 0 end)', /label of a catch clause/],
    [
      'a thrown value of another type',
      '(tag (param i32)) (func f32.const 1 throw 0)',
      /throw 0: expected i32, found f32/,
    ],
  ])('refused: %s', (_, text, message) => {
    expect(refusalOfText(`(module ${text})`)?.message).toMatch(message);
  });

  it.each([
    ['catch_all outside of try', [0, Op.Block, 0x40, Op.CatchAll, Op.End, Op.End], /only in a `try`/],
    ['delegate after catch_all', [0, Op.Try, 0x40, Op.CatchAll, Op.Delegate, 0, Op.End], /without catch clauses/],
  ])('refused: %s', (_, body, message) => {
    expect(refusalOf(withBody(body))?.message).toMatch(message);
  });

  it('the final exception-handling instructions', () => {
    const block = [Op.Block, 0x69]; // (block (result exnref) (try_table (catch_all_ref 0) ...) unreachable) throw_ref
    const tryTable = [Op.TryTable, 0x40, 1, 3, 0, Op.End];
    expect(
      refusalOf(withBody([0, ...block, ...tryTable, Op.Unreachable, Op.End, Op.ThrowRef, Op.End])),
    ).toBeUndefined();
    const wrongLabel = [Op.TryTable, 0x40, 1, 3, 0, Op.End, Op.End];
    expect(refusalOf(withBody([0, ...wrongLabel]))?.message).toMatch(
      /a label that takes \[exnref\], found one that takes \[\]/,
    );
    expect(refusalOf(withBody([0, Op.TryTable, 0x40, 1, 4, 0, Op.End, Op.End]))?.code).toBe('FTW_MALFORMED');
  });
});

describe('hostile code', () => {
  const repeated = (count: number, ...bytes: number[]) =>
    Uint8Array.from({ length: count * bytes.length }, (_, at) => bytes[at % bytes.length]!);
  const bodyOf = (...parts: (Uint8Array | number[])[]) =>
    withBody(Buffer.concat(parts.map((part) => Uint8Array.from(part))));

  it('nests 200,000 blocks without overflowing a stack', () => {
    const blocks = repeated(200_000, Op.Block, 0x40);
    expect(refusalOf(bodyOf([0], blocks, repeated(200_001, Op.End)))).toBeUndefined();
    expect(refusalOf(bodyOf([0], blocks, [Op.End]))?.message).toMatch(/expected `end` of the function/);
  });

  it('limits the operand stack', () => {
    const constants = repeated(1_100_000, Op.I32Const, 0);
    expect(refusalOf(bodyOf([0], constants, [Op.End]))?.code).toBe('FTW_LIMIT');
  });

  it.each([
    [
      'a br_table of 2^32-1 labels',
      [0, Op.I32Const, 0, Op.BrTable, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, Op.End],
      'FTW_MALFORMED',
    ],
    [
      'a br_table above the limit',
      [0, Op.I32Const, 0, Op.BrTable, 0xf1, 0xff, 0x03, ...new Array(65_522).fill(0), Op.End],
      'FTW_LIMIT',
    ],
    ['a constant that is too long', [0, Op.I32Const, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x1a, Op.End], 'FTW_MALFORMED'],
    ['a truncated immediate', [0, Op.F64Const, 0, Op.End], 'FTW_MALFORMED'],
    ['an unknown opcode', [0, 0xff, Op.End], 'FTW_MALFORMED'],
    ['an unknown opcode after a prefix', [0, 0xfc, 0x40, Op.End], 'FTW_MALFORMED'],
    ['code after the end', [0, Op.End, Op.Nop, Op.End], 'FTW_MALFORMED'],
    ['else without if', [0, Op.Block, 0x40, Op.Else, Op.End, Op.End], 'FTW_MALFORMED'],
    ['a block type that is no type', [0, Op.Block, 0x41, Op.End, Op.End], 'FTW_MALFORMED'],
    ['a relaxed SIMD opcode', [0, 0xfd, 0x80, 0x02, Op.End], 'FTW_UNSUPPORTED'],
    ['call_ref', [0, 0x14, 0, Op.End], 'FTW_UNSUPPORTED'],
  ])('%s', (_, body, code) => {
    expect(refusalOf(withBody(body))?.code).toBe(code);
  });

  it('wants a data count before code that names data segments', () => {
    const bytes = assemble('(module (memory 1) (data "x") (func (data.drop 0)))');
    const module = decodeModule(bytes);
    const { dataCount: _, ...without } = module;
    expect(() => validateFunction(validateDeclarations(without), 0)).toThrow(/expected a data count section/);
  });
});

it('validates single functions after the declarations, in any order', () => {
  const module = decodeText('(module (func nop) (func i32.add) (func nop))');
  const context = validateDeclarations(module);
  expect(() => validateFunction(context, 1)).toThrow(/function 1, i32\.add/);
  validateFunction(context, 2);
  validateFunction(context, 0);
});
