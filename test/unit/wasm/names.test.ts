import { expect, it } from 'vitest';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { ModuleNames } from '../../../src/wasm/names.js';
import { decodeText, fromSections } from './support.js';

const TEXT = `(module (import "env" "log" (func)) (func $inner (param $n i32) (local $i i64)) (func (export "main")))`;

it('prefers the name section, then imports and exports', () => {
  const named = new ModuleNames(decodeText(TEXT, true));
  expect([0, 1, 2, 3].map((index) => named.functionName(index))).toEqual(['env.log', 'inner', 'main', undefined]);
  expect([named.localName(1, 0), named.localName(1, 1), named.localName(2, 0)]).toEqual(['n', 'i', undefined]);
  const bare = new ModuleNames(decodeText(TEXT));
  expect([0, 1, 2].map((index) => bare.describeFunction(index))).toEqual([
    'function 0 "env.log"',
    'function 1',
    'function 2 "main"',
  ]);
  expect(bare.localName(1, 0)).toBeUndefined();
});

it('finds the function of an offset', () => {
  const module = decodeText(TEXT, true);
  const names = new ModuleNames(module);
  const [inner, main] = module.bodies.map(({ body }) => body);
  expect(names.functionAt(inner!.start)).toBe(1);
  expect(names.functionAt(inner!.end - 1)).toBe(1);
  expect(names.functionAt(inner!.end)).toBeUndefined(); // the size field of the next body
  expect(names.functionAt(main!.start)).toBe(2);
  expect(names.functionAt(main!.end)).toBeUndefined();
  expect(names.functionAt(0)).toBeUndefined();
  expect(names.describeOffset(main!.start)).toBe(`function 2 "main" at offset 0x${main!.start.toString(16)}`);
  expect(names.describeOffset(3)).toBe('offset 0x3');
});

it('survives a damaged name section and keeps what came before the damage', () => {
  const section = (...content: number[]) => fromSections([0, [4, 0x6e, 0x61, 0x6d, 0x65, ...content]]);
  const truncated = new ModuleNames(decodeModule(section(1, 7, 2, 0, 1, 0x61, 1, 9, 0x62)));
  expect(truncated.functionName(0)).toBe('a');
  expect(truncated.functionName(1)).toBeUndefined();
  const lying = new ModuleNames(decodeModule(section(1, 0xff, 0xff, 0x03, 0)));
  expect(lying.functionName(0)).toBeUndefined();
  expect(lying.localName(0, 0)).toBeUndefined();
});
