import { describe, expect, it } from 'vitest';
import type { ByteWriter } from '../../../src/bytes/writer.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { encodeModule } from '../../../src/wasm/encode/index.js';
import { ValType } from '../../../src/wasm/module.js';
import { ModuleNames } from '../../../src/wasm/names.js';
import { Op } from '../../../src/wasm/opcode.js';
import { assemble, decodeText, fromSections, HEADER, refusalOf, validatedByV8 } from './support.js';

const EVERYTHING = `(module
  (type $pair (func (param i32 i64) (result i64 i32)))
  (import "env" "f" (func $f (type $pair)))
  (import "env" "t" (table $it 1 funcref))
  (import "env" "m" (memory 1 2))
  (import "env" "g" (global $ig i32))
  (import "env" "x" (tag $itag (param i32)))
  (table $t1 2 externref)
  (tag $tag (param f64))
  (global $g1 (mut v128) (v128.const i32x4 1 2 3 4))
  (global $g2 funcref (ref.func $run))
  (export "run" (func $run))
  (export "mem" (memory 0))
  (start $init)
  (elem (table $it) (i32.const 0) func $run)
  (elem (table $t1) (i32.const 0) externref (ref.null extern))
  (elem declare func $init)
  (elem func $f $run)
  (func $run (type $pair) (local $a f32) (local $b f64) local.get 0 local.get 1 call $f)
  (func $init nop)
  (data (i32.const 8) "abc")
  (data (global.get $ig) "at a global")
  (data "passive"))`;

describe('encodeModule', () => {
  it.each([
    ['an empty module', '(module)'],
    ['every section', EVERYTHING],
    ['several memories', '(module (memory 1) (memory $b 2 3) (data (memory $b) (i32.const 0) "x"))'],
    ['extended constants', '(module (global i32 (i32.add (i32.const 1) (i32.const 2))))'],
    ['limits of 64 bits and shared', '(module (import "a" "b" (memory 1 1 shared)) (memory i64 1 5))'],
    ['2000 functions', `(module ${'(func (result i32) i32.const 1000000)'.repeat(2000)})`],
  ])('gives back minimal bytes unchanged: %s', (_, text) => {
    const bytes = assemble(text, true);
    expect(encodeModule(decodeModule(bytes))).toEqual(bytes);
  });

  it('minimises padded integers and keeps the meaning', () => {
    const padded = [0x81, 0x80, 0x80, 0x80, 0x00];
    const bytes = fromSections([1, [...padded, 0x60, 0, 0]], [5, [...padded, 0, ...padded]]);
    const encoded = encodeModule(decodeModule(bytes));
    expect(encoded).toEqual(fromSections([1, [1, 0x60, 0, 0]], [5, [1, 0, 1]]));
  });

  it('keeps custom sections between the sections they were between', () => {
    const custom = (letter: string): readonly [number, number[]] => [0, [1, letter.charCodeAt(0), 1, 2, 3]];
    const bytes = fromSections(
      ...[custom('a'), custom('b'), [1, [1, 0x60, 0, 0]] as const, custom('c'), [3, [1, 0]] as const],
      ...[custom('d'), [12, [1]] as const, custom('e'), [10, [1, 2, 0, 0x0b]] as const, [11, [1, 1, 0]] as const],
      custom('f'),
    );
    const module = decodeModule(bytes);
    expect(module.customs.map(({ name, after }) => [name, after])).toEqual([
      ...[
        ['a', 0],
        ['b', 0],
        ['c', 1],
        ['d', 3],
        ['e', 12],
      ],
      ['f', 11],
    ]);
    expect(encodeModule(module)).toEqual(bytes);
    const without = encodeModule(module, { keepCustom: ({ name }) => name !== 'd' });
    expect(
      decodeModule(without)
        .customs.map(({ name }) => name)
        .join(''),
    ).toBe('abcef');
  });

  it('writes a changed module: new types, globals from other bytes, rewritten bodies', () => {
    const module = decodeText(
      '(module (func $f (export "f") (result i32) i32.const 1) (global i32 (i32.const 5)))',
      true,
    );
    const source = Uint8Array.of(0xff, Op.I64Const, 9, Op.End, 0xff);
    const changed = encodeModule(
      {
        ...module,
        types: [...module.types, { params: [ValType.F32], results: [] }],
        globals: [
          ...module.globals,
          { global: { type: ValType.I64, mutable: true }, init: { start: 1, end: 4, source } },
        ],
      },
      {
        writeBody: (out: ByteWriter, index) => {
          expect(index).toBe(0);
          out.copy(Uint8Array.of(0, Op.I32Const, 2, Op.End));
        },
      },
    );
    expect(refusalOf(changed)).toBeUndefined();
    const again = decodeModule(changed);
    expect(again.types.length).toBe(2);
    expect(again.globals[1]!.global).toEqual({ type: ValType.I64, mutable: true });
    expect(Array.from(changed.subarray(again.bodies[0]!.code.start, again.bodies[0]!.code.end))).toEqual([
      ...[Op.I32Const, 2],
      Op.End,
    ]);
    expect(new ModuleNames(again).functionName(0)).toBe('f');
  });

  it('moves function indices everywhere outside of code when a pass adds an import', () => {
    const module = decodeText(
      `(module (func $main (export "main") (param $n i32)) (func $init) (start $init)
        (table 2 funcref) (elem (i32.const 0) func $main $init) (elem (i32.const 1) funcref (ref.func $init))
        (global funcref (ref.func $main)))`,
      true,
    );
    const added = { module: 'env', name: 'hook', desc: { kind: 'func', typeIndex: 0 }, offset: 0 } as const;
    const bytes = encodeModule({ ...module, imports: [added] }, { mapFunction: (index) => index + 1 });
    expect(validatedByV8(bytes)).toBe(true);
    const again = decodeModule(bytes);
    expect(again.exports[0]!.index).toBe(1);
    expect(again.start).toBe(2);
    expect(again.elements[0]!.items).toEqual({ kind: 'funcs', indices: Uint32Array.of(1, 2) });
    expect(bytes[again.globals[0]!.init.start + 1]).toBe(1);
    const names = new ModuleNames(again);
    expect([0, 1, 2].map((index) => names.functionName(index))).toEqual(['env.hook', 'main', 'init']);
    expect(names.localName(1, 0)).toBe('n');
  });

  it('writes names in the order of the new indices, as strict readers demand', () => {
    const module = decodeText('(module (import "a" "b" (func $first)) (func $second) (func $third))', true);
    const added = { module: 'a', name: 'b', desc: { kind: 'func', typeIndex: 0 }, offset: 0 } as const;
    const bytes = encodeModule(
      { ...module, imports: [added, added, added] },
      { mapFunction: (index) => (index === 0 ? 4 : index + 1) },
    );
    const names = new ModuleNames(decodeModule(bytes));
    expect([2, 3, 4].map((index) => names.functionName(index))).toEqual(['second', 'third', 'first']);
    const { data } = decodeModule(bytes).customs.find(({ name }) => name === 'name')!;
    const text = Buffer.from(bytes.subarray(data.start, data.end)).toString('latin1');
    expect(['second', 'third', 'first'].map((name) => text.indexOf(name))).toEqual(
      ['second', 'third', 'first'].map((name) => text.indexOf(name)).sort((one, other) => one - other),
    );
  });

  it('leaves a name section out of a moved module rather than writing half of it wrongly', () => {
    const bytes = fromSections([1, [1, 0x60, 0, 0]], [0, [4, 0x6e, 0x61, 0x6d, 0x65, 1, 3, 9, 0, 1]]);
    const moved = encodeModule(decodeModule(bytes), { mapFunction: (index) => index + 1 });
    const [custom] = decodeModule(moved).customs;
    expect(custom!.name).toBe('name');
    expect(custom!.data.end - custom!.data.start).toBe(0);
  });

  it('starts with the header', () => {
    expect(Array.from(encodeModule(decodeText('(module)')))).toEqual([...HEADER]);
  });
});
