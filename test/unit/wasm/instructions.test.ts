import { describe, expect, it } from 'vitest';
import { describeInstruction } from '../../../src/wasm/disassemble.js';
import { InstructionReader, immediatesAt, lebU32At, opcodeAt, skipImmediates } from '../../../src/wasm/instructions.js';
import { Op } from '../../../src/wasm/opcode.js';
import { decodeText } from './support.js';

const CODE = `(module
  (type $t (func)) (memory 1) (memory $m 1) (table 1 funcref) (tag (param i32)) (data "x")
  (func (local i32 v128)
    i32.const -5 drop
    i64.const 0x7fffffffffffffff drop
    f32.const -0 drop
    f64.const nan:0x8000000000001 drop
    (drop (i32.load offset=300 align=1 (i32.const 0)))
    (drop (i64.load $m (i32.const 0)))
    (local.set 1 (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))
    (drop (i16x8.extract_lane_s 5 (local.get 1)))
    (local.set 1 (v128.load16_lane offset=2 7 (i32.const 0) (local.get 1)))
    (call_indirect (type $t) (i32.const 0))
    (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))
    (drop (select (result i32) (local.get 0) (local.get 0) (i32.const 1)))
    (drop (ref.null extern))
    (block (result i32) (block (br_table 0 1 0 1 0 1 0 1 0 1 2 (local.get 0))) (i32.const 1)) drop
    try nop catch 0 drop end
    unreachable))`;

const LISTING = [
  ...['i32.const -5', 'drop', 'i64.const 9223372036854775807', 'drop', 'f32.const -0', 'drop'],
  ...['f64.const nan (bits 0x7ff8000000000001)', 'drop', 'i32.const 0', 'i32.load offset=300 align=1', 'drop'],
  ...['i32.const 0', 'i64.load (memory 1) offset=0 align=8', 'drop'],
  ...['v128.const 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15', 'local.set 1'],
  ...['local.get 1', 'i16x8.extract_lane_s 5', 'drop'],
  ...['i32.const 0', 'local.get 1', 'v128.load16_lane offset=2 align=2 lane=7', 'local.set 1'],
  ...['i32.const 0', 'call_indirect (type 0) (table 0)'],
  ...['i32.const 0', 'i32.const 0', 'i32.const 0', 'memory.init 0 0'],
  ...['local.get 0', 'local.get 0', 'i32.const 1', 'select t (result i32)', 'drop'],
  ...['ref.null externref', 'drop', 'block (result i32)', 'block', 'local.get 0'],
  ...['br_table 0 1 0 1 0 1 0 1 ... (11 labels)', 'end', 'i32.const 1', 'end', 'drop'],
  ...['try', 'nop', 'catch 0', 'drop', 'end', 'unreachable', 'end'],
];

const { bytes, bodies } = decodeText(CODE);
const { code } = bodies[0]!;

it('reads and describes every kind of immediate', () => {
  const reader = new InstructionReader(bytes, code);
  const listing: string[] = [];
  while (reader.next()) listing.push(describeInstruction(bytes, reader.start));
  expect(listing).toEqual(LISTING);
  expect(reader.pos).toBe(code.end);
});

it('skips without a reader to the same places', () => {
  let count = 0;
  let pos = code.start;
  while (pos < code.end) {
    pos = skipImmediates(bytes, opcodeAt(bytes, pos), immediatesAt(bytes, pos));
    count++;
  }
  expect(pos).toBe(code.end);
  expect(count).toBe(LISTING.length);
});

it('describes try_table', () => {
  const table = Uint8Array.of(Op.TryTable, 0x7f, 2, 0, 4, 1, 3, 0, Op.End);
  expect(describeInstruction(table, 0)).toBe('try_table (result i32) (catch 4 1) (catch_all_ref 0)');
  expect(skipImmediates(table, Op.TryTable, 1)).toBe(8);
});

it('describes what it can of bad code', () => {
  expect(describeInstruction(Uint8Array.of(0xff), 0)).toBe('illegal opcode 0xff');
  expect(describeInstruction(Uint8Array.of(Op.I32Const, 0x80), 0)).toBe('i32.const');
});

describe('code that lies', () => {
  it.each([
    ['an unknown opcode', [0xff]],
    ['an unknown opcode after a prefix', [0xfd, 0xff, 0xff, 0x03]],
    ['a missing immediate', [Op.I32Const]],
    ['an integer without end', [Op.I64Const, 0x80, 0x80]],
    ['a truncated constant', [Op.F64Const, 1, 2]],
    ['a br_table of 2^32-1 labels', [Op.BrTable, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]],
    ['a try_table of 2^32-1 clauses', [Op.TryTable, 0x40, 0xff, 0xff, 0xff, 0xff, 0x0f, 2, 0]],
    ['a select of 2^32-1 types', [Op.SelectT, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f]],
  ])('%s', (_, body) => {
    const reader = new InstructionReader(Uint8Array.from(body), { start: 0, end: body.length });
    expect(() => reader.next()).toThrow(expect.objectContaining({ code: 'FTW_MALFORMED', offset: 0 }));
  });

  it('does not end one function in the next', () => {
    const reader = new InstructionReader(Uint8Array.of(Op.I32Const, 0x80, 0x01, Op.End), { start: 0, end: 2 });
    expect(() => reader.next()).toThrow(/found the end of the function body/);
  });
});

it.each([
  [[0x7f], 127],
  [[0x80, 0x01], 128],
  [[0xff, 0xff, 0xff, 0xff, 0x0f], 0xffffffff],
  [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0xffffffff],
])('lebU32At of %j', (encoded, value) => {
  expect(lebU32At(Uint8Array.from(encoded), 0)).toBe(value);
});
