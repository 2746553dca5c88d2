import { describe, expect, it } from 'vitest';
import { DEFAULT_INJECT_OPTIONS, inject } from '../../../src/inject/index.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { validateModule } from '../../../src/wasm/validate/index.js';
import { assemble } from '../../support/wat.js';

const load = async (text: string) => decodeModule(await assemble('inject', text));

describe('inject', () => {
  it('keeps the exports, removes the start function and adds its own exports', async () => {
    const module = await load('(module (memory 1) (func (export "run")) (func $init) (start $init))');
    const { bytes, exportPrefix } = inject(module);
    const injected = decodeModule(bytes);
    expect(exportPrefix).toBe('ftw:');
    expect(injected.start).toBeUndefined();
    expect(injected.exports.map(({ name }) => name)).toEqual([
      'run',
      'ftw:counter',
      'ftw:base',
      'ftw:depth',
      'ftw:halt',
      'ftw:memoryPagesMax',
      'ftw:tableElementsMax',
      'ftw:memory',
      'ftw:start',
      'ftw:memory0',
      'ftw:pick',
    ]);
  });

  it('chooses a prefix that no export of the guest has', async () => {
    expect(inject(await load('(module (func (export "ftw:counter")))')).exportPrefix).toBe('_ftw:');
  });

  it('gives the same bytes for the same module', async () => {
    const module = await load(
      '(module (func $f (export "f") (param i32) (loop (br_if 0 (local.get 0)) (call $f (i32.const 1)))))',
    );
    expect(inject(module).bytes).toEqual(inject(module).bytes);
  });

  it('reports progress up to the whole code section', async () => {
    const seen: [number, number][] = [];
    const onProgress = (done: number, total: number) => void seen.push([done, total]);
    inject(await load(`(module ${'(func nop)'.repeat(600)})`), { ...DEFAULT_INJECT_OPTIONS, onProgress });
    expect(seen).toEqual([
      [3, 1800],
      [771, 1800],
      [1539, 1800],
      [1800, 1800],
    ]);
  });

  it.each([
    ['no imports and no functions', '(module)'],
    [
      'locals beyond one byte',
      `(module (func (param i32) ${'(local i32)'.repeat(300)} local.get 125 local.set 126 local.get 127 local.set 299))`,
    ],
    [
      'values through blocks',
      '(module (func (param i32) (result i32 i64) i32.const 1 i64.const 2 (block (param i32 i64) (result i32 i64) local.get 0 br_if 0)))',
    ],
    [
      'values through loops',
      '(module (func (param i32) (result i32) i32.const 1 (loop (param i32) (result i32) local.get 0 br_if 0 local.get 0 br_if 1)))',
    ],
    [
      'values through a table of branches',
      '(module (func (param i32) (result i32) (block (result i32) i32.const 1 i32.const 5 i32.const 6 i32.add drop (loop (param i32) (result i32) local.get 0 br_table 0 1 2 0))))',
    ],
    [
      'a referenced function that only an export declared',
      '(module (func $f (export "f")) (func (drop (ref.func $f))))',
    ],
    [
      'loops that never end, in arms',
      '(module (func (param i32) (result i32) local.get 0 (if (result i32) (then (loop (result i32) br 0)) (else i32.const 1))))',
    ],
  ])('valid output: %s', async (_what, text) => {
    const injected = decodeModule(inject(await load(text)).bytes);
    expect(() => validateModule(injected)).not.toThrow();
  });
});
