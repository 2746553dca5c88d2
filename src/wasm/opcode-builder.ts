/** The notation in which `opcodes.ts` writes its table: runs of consecutive opcodes that are alike. */

import { ValType } from './module.js';
import { type Family, type Feature, flatOpcode, Imm, type Opcode } from './opcode.js';

/** What the rows of one {@link define} have in common. */
export interface Group {
  readonly family: Family;
  readonly feature?: Feature;
  readonly prefix?: number;
  readonly imm?: Imm;
}

const TYPE_LETTERS: Record<string, ValType> = {
  i: ValType.I32,
  l: ValType.I64,
  f: ValType.F32,
  d: ValType.F64,
  v: ValType.V128,
};

function typesOf(letters: string): ValType[] {
  return [...letters].map((letter) => TYPE_LETTERS[letter]!);
}

/** `i16x8.extract_lane_s` has 8 lanes, `v128.load32_lane` has 4. */
function laneCount(name: string): number {
  const shape = /^[if]\d+x(\d+)\./.exec(name);
  return shape ? Number(shape[1]) : 128 / Number(/(?:load|store)(\d+)_lane/.exec(name)![1]);
}

/** Repeats a list of operator names for one type: `typed('i32', 'add sub')` is `i32.add i32.sub`. */
export function typed(type: string, names: string): string {
  return names.replace(/[^\s-]+/g, (name) => `${type}.${name}`);
}

/**
 * Rows for consecutive opcodes from `first` on. `signature` is `params:result` with one letter per type (i l f d v for
 * i32 i64 f32 f64 v128), or '' when the types are not fixed. `names` are separated by white space: `-` skips a number,
 * `name@3` has a natural alignment of 2^3, `~` stands for a space.
 */
export function define(group: Group, first: number, signature: string, names: string): Opcode[] {
  const { prefix = 0, imm = Imm.None, family, feature = 'mvp' } = group;
  const [params, results] = signature === '' ? [] : signature.split(':').map(typesOf);
  const rows: Opcode[] = [];
  for (const [at, entry] of names.split(/\s+/).entries()) {
    if (entry === '-') continue;
    const [name, align] = entry.replaceAll('~', ' ').split('@') as [string, string?];
    const sub = first + at;
    rows.push({
      op: flatOpcode(prefix, sub),
      prefix,
      sub,
      name,
      immediate: imm,
      ...(params && results ? { params, results } : {}),
      ...(align === undefined ? {} : { alignLog2: Number(align) }),
      ...(imm === Imm.Lane || imm === Imm.MemArgLane ? { lanes: laneCount(name) } : {}),
      family,
      feature,
    });
  }
  return rows;
}
