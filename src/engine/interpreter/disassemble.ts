/** Translated code as text, for people: one line per instruction, from the generated encodings. */
import { FIRST_SUPEROP, Ir, SHAPES } from './generated/ir.js';
import { SUPEROPS } from './generated/superops.js';

const numbers: Readonly<Record<string, number>> = Ir;
const byNumber = new Map(SHAPES.map((shape) => [numbers[shape[0]]!, shape]));

/** Size of a superinstruction's first part: that of the instruction whose opcode it replaced. */
function firstPart(op: number): readonly [string, number, string] {
  const shape = byNumber.get(op);
  if (shape !== undefined) return shape;
  const name = SUPEROPS[op - FIRST_SUPEROP]?.split(' ')[0];
  const part = name === undefined ? undefined : byNumber.get(numbers[name]!);
  if (part === undefined) throw new RangeError(`no IR instruction has the number ${op}`);
  return part;
}

/**
 * Disassembles code (without its Entry record). Offsets are from the first instruction; a superinstruction is shown in
 * front of its first part, whose encoding it keeps.
 */
export function disassemble(code: Uint8Array): string[] {
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  const lines: string[] = [];
  for (let at = 0; at < code.length; ) {
    const op = view.getUint16(at, true);
    const [name, size, fields] = firstPart(op);
    const superop = byNumber.has(op) ? '' : `<${SUPEROPS[op - FIRST_SUPEROP]}> `;
    lines.push(`${at.toString().padStart(5)} ${superop}${name} ${fieldsAt(view, at, fields)}`.trimEnd());
    at += size;
    if (op === Ir.br_table) at += 8 * (view.getUint32(at - 4, true) + 1);
  }
  return lines;
}

/** `d=16 a=8 off=4`: slots in bytes from fp. */
function fieldsAt(view: DataView, at: number, fields: string): string {
  if (fields === '') return '';
  const parts = fields.split(' ').map((field) => field.split(/[:@]/) as string[]);
  return parts
    .map(([name, ...rest]) => `${name}=${read(view, at + Number(rest.at(-1)), name!, rest.length > 1)}`)
    .join(' ');
}

const NARROW = new Set(['costT', 'costN', 'cost', 'delta', 'hdr', 'bytes', 'lane', 'pad']);

function read(view: DataView, at: number, name: string, isSlot: boolean): number | bigint {
  if (isSlot || NARROW.has(name)) return view.getUint16(at, true);
  return name === 'imm64' || name === 'imm128' ? view.getBigUint64(at, true) : view.getInt32(at, true);
}
