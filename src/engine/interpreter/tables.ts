/** Tables: a record (address, length) in linear memory and elements that move when the table grows. */
import { Table } from './generated/abi.js';
import type { LinearMemory } from './memory.js';

/** Element types and limits by record address; the elements themselves are in linear memory. */
interface TableInfo {
  readonly max: number;
  capacity: number;
}

const LEAST_CAPACITY = 16;

export class Tables {
  private readonly infos = new Map<number, TableInfo>();
  /** Elements of all tables. */
  private total = 0;

  constructor(private readonly memory: LinearMemory) {}

  /** Creates a table of `length` null elements and returns its record's address. */
  create(length: number, max: number): number {
    const { memory } = this;
    const record = memory.allocate(Table.SIZE);
    const capacity = Math.max(length, Math.min(LEAST_CAPACITY, max));
    this.infos.set(record, { max, capacity });
    this.total += length;
    memory.u32[(record + Table.ELEMENTS) >> 2] = memory.allocate(capacity * 4);
    memory.u32[(record + Table.LENGTH) >> 2] = length;
    return record;
  }

  length(record: number): number {
    return this.memory.u32[(record + Table.LENGTH) >> 2]!;
  }

  maximum(record: number): number {
    return this.infos.get(record)!.max;
  }

  /** The elements as raw references; valid until the table or the guest's memory grows. */
  elements(record: number): Uint32Array {
    const at = this.memory.u32[(record + Table.ELEMENTS) >> 2]! >> 2;
    return this.memory.u32.subarray(at, at + this.length(record));
  }

  /** Grows by `count` elements of value `raw`. @returns the old length, or -1 when its limit or that of all tables would be passed */
  grow(record: number, count: number, raw: number, elementsMax: number): number {
    const length = this.length(record);
    if (length + count > this.maximum(record) || this.total + count > elementsMax) return -1;
    this.reserve(record, length + count);
    this.total += count;
    this.memory.u32[(record + Table.LENGTH) >> 2] = length + count;
    this.elements(record).fill(raw, length);
    return length;
  }

  /** Elements move to a place twice as large, so all moves together cost as much as the last one. */
  private reserve(record: number, length: number): void {
    const info = this.infos.get(record)!;
    if (length <= info.capacity) return;
    const old = this.elements(record);
    info.capacity = Math.max(length, Math.min(info.max, info.capacity * 2));
    const at = this.memory.allocate(info.capacity * 4);
    this.memory.u32.set(old, at >> 2);
    this.memory.u32[(record + Table.ELEMENTS) >> 2] = at;
  }
}
