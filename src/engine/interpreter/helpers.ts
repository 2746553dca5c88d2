/** Operators that the loop leaves to the host: whatever grows something or reads segments. */
import type { TrapCode } from '../engine.js';
import { Memory, State } from './generated/abi.js';
import { Ir } from './generated/ir.js';
import type { Machine } from './machine.js';
import { PAGE } from './memory.js';

/** Thrown by a helper; the runner turns it into an outcome. */
export class HelperTrap {
  constructor(
    readonly trap: TrapCode,
    readonly message: string,
  ) {}
}

const memoryTrap = () => new HelperTrap('memory-out-of-bounds', 'memory access out of bounds');
const tableTrap = () => new HelperTrap('table-out-of-bounds', 'table access out of bounds');

/** Executes the instruction at `pc` and returns its size. @throws HelperTrap */
export function runHelper(machine: Machine, pc: number, fp: number): number {
  const { u16, u32 } = machine.memory;
  const slot = (at: number): number => u32[(fp + u16[(pc + at) >> 1]!) >> 2]!;
  const word = (at: number): number => u32[(pc + at) >> 2]!;
  switch (u16[pc >> 1]) {
    case Ir.memory_grow:
      result(machine, fp + u16[(pc + 2) >> 1]!, memoryGrow(machine, slot(4)));
      return 8;
    case Ir.memory_init:
      memoryInit(machine, word(8), slot(2), slot(4), slot(6));
      return 12;
    case Ir.data_drop:
      machine.segments.dropData(word(4));
      return 8;
    case Ir.table_grow: {
      const [to, table, raw, count] = [fp + u16[(pc + 2) >> 1]!, word(8), slot(4), slot(6)];
      result(machine, to, machine.tables.grow(table, count, raw, machine.limits.tableElementsMax));
      return 12;
    }
    case Ir.table_fill:
      tableFill(machine, word(8), slot(2), slot(4), slot(6));
      return 12;
    case Ir.table_copy:
      tableCopy(machine, word(8), word(12), slot(2), slot(4), slot(6));
      return 16;
    case Ir.table_init:
      tableInit(machine, word(8), word(12), slot(2), slot(4), slot(6));
      return 16;
    case Ir.elem_drop:
      machine.segments.dropElements(word(4));
      return 8;
    default:
      throw new Error(`no helper for IR instruction ${u16[pc >> 1]}`);
  }
}

/** Stores an i32 result in canonical form. The guest's memory may have grown, so the views are read again. */
function result({ memory }: Machine, at: number, value: number): void {
  memory.view.setInt32(at, value, true);
  memory.view.setInt32(at + 4, 0, true);
}

/** The limit is the smaller of the declared and the configured maximum; past it the guest gets -1 on every host. */
function memoryGrow(machine: Machine, pages: number): number {
  const { memory } = machine;
  const before = memory.guestPages;
  if (before + pages > Math.min(machine.guestPagesMax, machine.limits.memoryPagesMax)) return -1;
  if (pages > 0) memory.growGuest(pages);
  memory.setI64(State.MEMORY_BYTES, memory.guestPages * PAGE);
  return before;
}

/** Copies from a data segment; also how active segments are placed. @throws HelperTrap */
export function memoryInit(machine: Machine, segment: number, to: number, from: number, count: number): void {
  const data = machine.segments.data[segment]!;
  if (from + count > data.length || to + count > machine.guestBytes) throw memoryTrap();
  machine.memory.u8.set(data.subarray(from, from + count), Memory.GUEST + to);
}

/** Copies from an element segment; also how active segments are placed. @throws HelperTrap */
export function tableInit(
  machine: Machine,
  table: number,
  segment: number,
  to: number,
  from: number,
  count: number,
): void {
  const elements = machine.segments.elements[segment]!;
  if (from + count > elements.length || to + count > machine.tables.length(table)) throw tableTrap();
  machine.tables.elements(table).set(elements.subarray(from, from + count), to);
}

function tableFill({ tables }: Machine, table: number, at: number, raw: number, count: number): void {
  if (at + count > tables.length(table)) throw tableTrap();
  tables.elements(table).fill(raw, at, at + count);
}

function tableCopy({ tables }: Machine, target: number, source: number, to: number, from: number, count: number): void {
  if (from + count > tables.length(source) || to + count > tables.length(target)) throw tableTrap();
  const elements = tables.elements(source).subarray(from, from + count);
  // TypedArray.set copes with overlap within one buffer.
  tables.elements(target).set(elements, to);
}
