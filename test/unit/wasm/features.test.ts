import { describe, expect, it } from 'vitest';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { assertSupported, scanFeatures, scanOpcodes } from '../../../src/wasm/features.js';
import { Op } from '../../../src/wasm/opcode.js';
import { decodeText, withBody } from './support.js';

const featuresOf = (text: string) => scanFeatures(decodeText(`(module ${text})`)).map(({ feature }) => feature);

it.each([
  ['mvp', '(func nop)'],
  ['sign-extension', '(func (drop (i32.extend8_s (i32.const 0))))'],
  ['saturating-float-to-int', '(func (drop (i32.trunc_sat_f32_s (f32.const 0))))'],
  ['bulk-memory', '(memory 1) (data "passive")'],
  ['bulk-memory', '(func $f) (elem declare func $f)'],
  ['reference-types', '(table 1 externref)'],
  ['simd', '(func (drop (v128.not (v128.const i32x4 0 0 0 0))))'],
  ['tail-call', '(func $f (return_call $f))'],
  ['legacy-exceptions', '(func try catch_all end)'],
  ['multi-value', '(type (func (result i32 i32)))'],
  ['multi-memory', '(memory 1) (memory 1)'],
  ['multi-memory', '(memory 1) (memory $m 1) (func (drop (i32.load $m (i32.const 0))))'],
  ['extended-const', '(global i32 (i32.add (i32.const 1) (i32.const 1)))'],
  ['mutable-globals', '(import "a" "b" (global (mut i32)))'],
  ['mutable-globals', '(global (export "g") (mut i32) (i32.const 0))'],
  ['shared-memory', '(memory 1 1 shared)'],
  ['memory64', '(import "a" "b" (memory i64 1))'],
  ['relaxed-simd', '(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))'],
  ['threads', '(func atomic.fence)'],
])('finds %s in %s', (feature, text) => {
  expect(featuresOf(text)).toContain(feature);
});

it('reports the first use of each feature, in order of offset', () => {
  const module = decodeText(
    `(module (func nop) (func (drop (i32.extend8_s (i32.const 0))) (drop (i32.extend16_s (i32.const 0)))))`,
  );
  const uses = scanFeatures(module);
  const start = module.bodies[1]!.code.start;
  expect(uses.find(({ feature }) => feature === 'sign-extension')).toEqual({
    feature: 'sign-extension',
    what: 'i32.extend8_s',
    offset: start + 2,
    functionIndex: 1,
  });
  expect(uses.map(({ offset }) => offset)).toEqual(uses.map(({ offset }) => offset).sort((a, b) => a - b));
});

it('counts opcodes', () => {
  const uses = scanOpcodes(decodeText('(module (import "a" "b" (func)) (func nop) (func nop nop call 0))'));
  expect(uses.map(({ opcode, count, functionIndex }) => [opcode.name, count, functionIndex])).toEqual([
    ['nop', 3, 1],
    ['end', 2, 1],
    ['call', 1, 2],
  ]);
});

describe('assertSupported', () => {
  it.each([
    ['(func atomic.fence)', /function 0: atomic\.fence needs threads, which is refused: threads are not scheduled/],
    ['(memory 1 1 shared)', /memory 0 needs shared-memory, which is refused/],
    ['(memory i64 1)', /memory 0 needs memory64, which is refused/],
    [
      '(func (param v128) (drop (f32x4.relaxed_min (local.get 0) (local.get 0))))',
      /f32x4\.relaxed_min needs relaxed-simd/,
    ],
  ])('refuses %s', (text, message) => {
    const module = decodeText(`(module ${text})`);
    expect(() => assertSupported(module)).toThrow(message);
    expect(() => assertSupported(module)).toThrow(expect.objectContaining({ code: 'FTW_UNSUPPORTED' }));
  });

  it('refuses GC instructions by name although it cannot read past them', () => {
    const module = decodeModule(withBody([0, Op.Nop, 0xfb, 0x00, 0x99, 0x99, Op.End]));
    expect(() => assertSupported(module)).toThrow(/struct\.new needs gc/);
  });

  it('accepts the rest', () => {
    expect(() =>
      assertSupported(decodeText('(module (memory 1) (memory 1) (func $f try return_call $f catch_all end))')),
    ).not.toThrow();
  });
});
