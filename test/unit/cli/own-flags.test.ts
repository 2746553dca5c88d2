/** Flags on either side of the module. */
import { expect, test } from 'vitest';
import type { Flag } from '../../../src/cli/flags.js';
import { ownFlagsFirst } from '../../../src/cli/own-flags.js';

const FLAGS: readonly Flag[] = [
  ['', '--role <role>', ''],
  ['', '--solo', ''],
  ['', '-o, --output <file>', ''],
];

const words = (line: string) => line.split(' ').filter((word) => word !== '');

test.each([
  ['--role primary kv.wasm', '--role primary kv.wasm'],
  ['kv.wasm --role primary', '--role primary kv.wasm'],
  ['--solo kv.wasm --role=primary -o x', '--solo --role=primary -o x kv.wasm'],
  ['kv.wasm --solo 1 --role primary', '--solo kv.wasm 1 --role primary'],
  ['kv.wasm --solo -- --role primary', '--solo kv.wasm --role primary'],
  ['kv.wasm -- -- --solo', 'kv.wasm -- --solo'],
  ['kv.wasm --port 7 --solo', 'kv.wasm --port 7 --solo'],
  ['--role kv.wasm', '--role kv.wasm'],
  ['--rolle primary kv.wasm --solo', '--rolle primary kv.wasm --solo'],
  ['--solo', '--solo'],
  ['', ''],
])('%s is %s', (typed, meant) => {
  expect(ownFlagsFirst(words(typed), FLAGS)).toEqual(words(meant));
});

test('a value that lacks is named', () => {
  expect(() => ownFlagsFirst(words('kv.wasm --solo --role'), FLAGS)).toThrow('--role needs a value behind it');
});
