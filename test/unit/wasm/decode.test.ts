import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../src/errors.js';
import { decodeModule, localGroups } from '../../../src/wasm/decode/index.js';
import { ValType } from '../../../src/wasm/module.js';
import { decodeText, fromSections, HEADER, withBody } from './support.js';

const U32_MAX = [0xff, 0xff, 0xff, 0xff, 0x0f];
const TYPE_SECTION = [1, [1, 0x60, 0, 0]] as const;

function errorOf(bytes: Uint8Array): DecodeError {
  try {
    decodeModule(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return error as DecodeError;
  }
  throw new Error('the module decoded');
}

const ascii = (text: string) => new TextEncoder().encode(text);

describe('things that are not a core module', () => {
  it.each([
    ['an empty file', new Uint8Array(0), /not a wasm file.*it is empty/],
    ['a shell script', ascii('#!/bin/sh\n'), /not a wasm file.*starts with 23 21 2f 62/],
    ['the text format', ascii('(module)'), /text format: assemble it first/],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), /gzip: decompress it first/],
    ['ELF', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), /native ELF program/],
    ['a header that stops', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1), /expected a version, found the end/],
    ['version 2', Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0), /format version 1, found 2 \(at offset 0x4\)/],
    ['a component', Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0), /this is a component, not a core module/],
  ])('%s', (_, bytes, message) => {
    expect(errorOf(bytes).message).toMatch(message);
  });
});

describe('sections', () => {
  it.each([
    ['an unknown id', fromSections([14, []]), 'malformed section id 14', 8],
    ['a size past the end', Uint8Array.of(...HEADER, 1, 5, 0), 'the type section (5 bytes), found only 1 bytes', 10],
    ['a size of 4 GiB', Uint8Array.of(...HEADER, 10, ...U32_MAX), 'code section (4294967295 bytes)', 14],
    ['bytes left over', fromSections([1, [1, 0x60, 0, 0, 7]]), '1 more bytes (section size mismatch)', 14],
    ['a repeated section', fromSections(TYPE_SECTION, TYPE_SECTION), 'found a second type section', 14],
    ['a wrong order', fromSections([3, [0]], TYPE_SECTION), 'found the type section (unexpected', 11],
    ['bodies missing', fromSections(TYPE_SECTION, [3, [1, 0]]), '1 functions, 0 bodies', 18],
    ['a data count that lies', fromSections([12, [2]], [11, [0]]), '2 announced, 0 found', 14],
    ['a custom name that stops', fromSections([0, [4, 0x61]]), 'custom section: expected the name', 11],
  ])('%s', (_, bytes, message, offset) => {
    const error = errorOf(bytes);
    expect(error.message).toContain(message);
    expect(error.code).toBe('FTW_MALFORMED');
    expect(error.offset).toBe(offset);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13])('section %i with a count of 2^32-1 fails without allocating', (id) => {
    expect(errorOf(fromSections([id, U32_MAX])).message).toMatch(/expected 4294967295 .*found only 0 bytes/);
  });

  it('names the entry at fault', () => {
    const error = errorOf(fromSections([1, [1, 0x60, 1, 0x12, 0]]));
    expect(error.message).toBe('type section: expected a value type, found 0x12 (at offset 0xd)');
    expect(error.details).toMatchObject({ section: 'type section', expected: 'a value type', found: '0x12' });
  });
});

describe('what is refused by name', () => {
  it.each([
    ['a struct type', fromSections([1, [1, 0x5f, 0, 0]]), /struct type is not supported \(garbage collection/],
    ['an empty struct type', fromSections([1, [1, 0x5f, 0]]), /struct type is not supported .* \(at offset 0xb\)/],
    ['a continuation type', fromSections([1, [2, 0x60, 0, 0, 0x5d, 0]]), /continuation type is not supported/],
    ['a recursive group', fromSections([1, [1, 0x4e, 0, 0]]), /recursive type group/],
    ['anyref', fromSections([1, [1, 0x60, 1, 0x6e, 0]]), /type anyref/],
    ['a typed reference', fromSections([1, [1, 0x60, 1, 0x63, 0x70, 0]]), /\(ref null heaptype\)/],
    ['a table with initialiser', fromSections([4, [1, 0x40, 0, 0x70, 0, 0, 0xd0, 0x70, 0x0b]]), /table with an init/],
    ['a custom page size', fromSections([5, [1, 8, 1, 16]]), /page size other than 64 KiB/],
  ])('%s', (_, bytes, message) => {
    const error = errorOf(bytes);
    expect(error.code).toBe('FTW_UNSUPPORTED');
    expect(error.message).toMatch(message);
    expect(error.offset).toBeGreaterThan(8);
  });
});

describe('function bodies', () => {
  it('finds the first instruction after the locals', () => {
    const module = decodeText('(module (func (local i32 i32 f64) nop))');
    const { body, code } = module.bodies[0]!;
    expect(localGroups(module.bytes, body)).toEqual([
      { count: 2, type: ValType.I32 },
      { count: 1, type: ValType.F64 },
    ]);
    expect(Array.from(module.bytes.subarray(code.start, code.end))).toEqual([0x01, 0x0b]);
  });

  it.each([
    ['2^32-1 locals', [1, ...U32_MAX, 0x7f, 0x0b], 'FTW_LIMIT', /4294967295 locals/],
    ['more than 2^32 locals', [2, ...U32_MAX, 0x7f, 1, 0x7e, 0x0b], 'FTW_MALFORMED', /fewer than 2\^32 locals/],
    ['50001 locals', [1, 0xd1, 0x86, 0x03, 0x7f, 0x0b], 'FTW_LIMIT', /limit of 50000/],
    ['local declarations that lie', [...U32_MAX, 0x0b], 'FTW_MALFORMED', /4294967295 local declarations/],
    ['no end', [0, 0x01], 'FTW_MALFORMED', /ends with `end`/],
    ['nothing but locals', [0], 'FTW_MALFORMED', /ends with `end`/],
  ] as const)('%s', (_, body, code, message) => {
    const error = errorOf(withBody(body));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('has a size limit, as on the Web', () => {
    const size = [0xb2, 0x97, 0xd3, 0x03]; // 7,654,322
    const bytes = fromSections(TYPE_SECTION, [3, [1, 0]], [10, [1, ...size, 0, 0x0b]]);
    expect(errorOf(bytes).message).toMatch(/7654322 bytes of a function body are more than the limit of 7654321/);
  });
});

describe('the model', () => {
  const module = decodeText(
    `(module
      (type $t (func (param i32 i64) (result f32 f64)))
      (import "env" "f" (func (type $t)))
      (import "env" "g" (global (mut i32)))
      (import "env" "m" (memory 1 2))
      (table $t0 3 5 funcref)
      (tag (param i32))
      (global $d i64 (i64.const 7))
      (func $run (export "run"))
      (func $init)
      (start $init)
      (elem (i32.const 1) func $run $init)
      (elem externref (ref.null extern))
      (data (i32.const 8) "abc")
      (data "passive"))`,
  );

  it('carries every section', () => {
    expect(module.types[0]).toEqual({
      params: [ValType.I32, ValType.I64],
      results: [ValType.F32, ValType.F64],
    });
    expect(module.imports.map(({ module: from, name, desc }) => [from, name, desc.kind])).toEqual([
      ['env', 'f', 'func'],
      ['env', 'g', 'global'],
      ['env', 'm', 'memory'],
    ]);
    expect(module.imports[2]!.desc).toEqual({ kind: 'memory', memory: { min: 1, max: 2 } });
    expect(module.tables).toEqual([{ table: { element: ValType.FuncRef, limits: { min: 3, max: 5 } } }]);
    expect(module.tags.length).toBe(1);
    expect(module.globals[0]!.global).toEqual({ type: ValType.I64, mutable: false });
    expect(module.exports).toEqual([{ name: 'run', kind: 'func', index: 1 }]);
    expect(module.start).toBe(2);
    expect(module.functions.length).toBe(2);
  });

  it('carries segments', () => {
    const [active, passive] = module.elements;
    expect(active).toMatchObject({ mode: 'active', tableIndex: 0, type: ValType.FuncRef });
    expect(active!.items).toEqual({ kind: 'funcs', indices: Uint32Array.of(1, 2) });
    expect(passive).toMatchObject({ mode: 'passive', type: ValType.ExternRef, items: { kind: 'exprs' } });
    const text = ({ start, end }: { start: number; end: number }) =>
      new TextDecoder().decode(module.bytes.subarray(start, end));
    expect(module.data.map(({ mode, data }) => [mode, text(data)])).toEqual([
      ['active', 'abc'],
      ['passive', 'passive'],
    ]);
  });

  it('says where an import stands', () => {
    expect(module.bytes[module.imports[0]!.offset]).toBe(3); // the length of "env"
  });
});
