import { describe, expect, it } from 'vitest';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { InstructionReader } from '../../../src/wasm/instructions.js';
import { ValType } from '../../../src/wasm/module.js';
import { flatOpcode, Imm, Op, type Opcode } from '../../../src/wasm/opcode.js';
import { OPCODE_BY_FLAT, opcodeByName } from '../../../src/wasm/opcode-lookup.js';
import { OPCODES } from '../../../src/wasm/opcodes.js';
import { REFUSED_OPCODES } from '../../../src/wasm/refused.js';
import { typeName } from '../../../src/wasm/type-names.js';
import { assemble, refusalOf } from './support.js';

/** Text of valid immediates for the kinds that operators with fixed types have. */
const IMMEDIATES: Partial<Record<Imm, string>> = {
  [Imm.None]: '',
  [Imm.Fence]: '',
  [Imm.MemArg]: 'offset=16',
  [Imm.MemArgLane]: 'offset=16 1',
  [Imm.Memory]: '',
  [Imm.MemoryMemory]: '',
  [Imm.DataMemory]: '0',
  [Imm.Data]: '0',
  [Imm.Elem]: '0',
  [Imm.Table]: '0',
  [Imm.I32]: '-123456',
  [Imm.I64]: '-1234567890123',
  [Imm.F32]: '1.5',
  [Imm.F64]: '1.5',
  [Imm.V128]: 'i32x4 1 2 3 4',
  [Imm.Lane]: '1',
  [Imm.Shuffle]: '0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31',
};

/** A module with one function that does nothing but this operator. */
function moduleWith(row: Opcode, immediate: string): string {
  const params = row.params!.map((type) => `(param ${typeName(type)})`).join(' ');
  const results = row.results!.map((type) => `(result ${typeName(type)})`).join(' ');
  const operands = row.params!.map((_, at) => `local.get ${at}`).join(' ');
  return `(module (memory 1) (table 1 funcref) (elem func) (data "x")
    (func ${params} ${results} ${operands} ${row.name} ${immediate}))`;
}

const fixed = OPCODES.filter((row) => row.params !== undefined);

describe('each row with fixed types, against an independent assembler and our validator', () => {
  it.each(fixed.map((row) => [row.name, row] as const))('%s', (_, row) => {
    const bytes = assemble(moduleWith(row, IMMEDIATES[row.immediate]!));
    const reader = new InstructionReader(bytes, decodeModule(bytes).bodies[0]!.code);
    const ops: number[] = [];
    while (reader.next()) ops.push(reader.op);
    expect(ops.slice(-2)).toEqual([row.op, Op.End]);
    expect(refusalOf(bytes)?.code).toBe(REFUSED_OPCODES[row.op] === 1 ? 'FTW_UNSUPPORTED' : undefined);
  });

  it('knows natural alignments: the assembler writes them by default, one more is refused', () => {
    for (const row of fixed.filter(({ alignLog2, op }) => alignLog2 !== undefined && REFUSED_OPCODES[op] === 0)) {
      const lane = row.immediate === Imm.MemArgLane ? ' 0' : '';
      const bytes = assemble(moduleWith(row, `align=${2 ** row.alignLog2!}${lane}`));
      const reader = new InstructionReader(bytes, decodeModule(bytes).bodies[0]!.code);
      while (reader.op !== row.op) reader.next();
      bytes[reader.immediates]!++;
      expect(refusalOf(bytes)?.message).toContain('larger than natural');
    }
  });
});

describe('the table', () => {
  it('has every instruction of the index of WebAssembly 2.0', () => {
    const count = (features: string[]) => OPCODES.filter(({ feature }) => features.includes(feature)).length;
    expect(count(['mvp'])).toBe(172);
    expect(count(['sign-extension'])).toBe(5);
    expect(count(['saturating-float-to-int'])).toBe(8);
    expect(count(['bulk-memory'])).toBe(7);
    expect(count(['reference-types'])).toBe(9);
    expect(count(['simd'])).toBe(236);
    expect(count(['relaxed-simd'])).toBe(20);
    expect(count(['threads'])).toBe(67);
  });

  it('has unique numbers and names, and prefixes that agree with the flat numbers', () => {
    expect(new Set(OPCODES.map(({ op }) => op)).size).toBe(OPCODES.length);
    expect(new Set(OPCODES.map(({ name }) => name)).size).toBe(OPCODES.length);
    for (const row of OPCODES) {
      expect(flatOpcode(row.prefix, row.sub)).toBe(row.op);
      expect(OPCODE_BY_FLAT[row.op]).toBe(row);
      expect(opcodeByName(row.name)).toBe(row);
    }
  });

  it('agrees with the named numbers', () => {
    const words = (name: string) => name.replace(/[._ ]/g, '').toLowerCase();
    for (const [name, op] of Object.entries(Op)) expect(words(OPCODE_BY_FLAT[op]!.name)).toBe(name.toLowerCase());
  });

  it('keeps sub-opcodes inside their prefix', () => {
    expect(flatOpcode(0xfc, 0x100)).toBe(-1);
    expect(flatOpcode(0xfd, 0x200)).toBe(-1);
    expect(flatOpcode(0xff, 0)).toBe(-1);
    expect(flatOpcode(0, 0xfd)).toBe(-1);
  });

  it('has no more than one fixed result, which the flat lookups rely on', () => {
    for (const { results = [], params = [] } of OPCODES) {
      expect(results.length).toBeLessThanOrEqual(1);
      expect(params.length).toBeLessThanOrEqual(3);
      for (const type of [...params, ...results]) expect(Object.values(ValType)).toContain(type);
    }
  });
});
