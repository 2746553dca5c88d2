/** References at the border: functions by their record's address, host objects by a number that the host hands out. */

import { FtWasmError } from '../../errors.js';
import { ValType } from '../../wasm/module.js';
import type { ReferenceTable } from './values.js';

/** A guest function as a value of the host; equal functions are the same object. */
export class FunctionReference {
  constructor(
    readonly machine: object,
    readonly ref: number,
  ) {}
}

export class References implements ReferenceTable {
  private readonly functions = new Map<number, FunctionReference>();
  private readonly objects: unknown[] = [];
  private readonly numbers = new Map<unknown, number>();

  constructor(private readonly machine: object) {}

  toValue(type: number, number: number): unknown {
    if (number === 0) return null;
    if (type !== ValType.FuncRef) return this.objects[number - 1];
    let reference = this.functions.get(number);
    if (reference !== undefined) return reference;
    reference = new FunctionReference(this.machine, number);
    this.functions.set(number, reference);
    return reference;
  }

  toNumber(type: number, value: unknown): number {
    if (value === null || value === undefined) return 0;
    return type === ValType.FuncRef ? this.functionNumber(value) : this.objectNumber(value);
  }

  private functionNumber(value: unknown): number {
    if (value instanceof FunctionReference && value.machine === this.machine) return value.ref;
    throw new FtWasmError('FTW_USAGE', 'expected a function of this instance or null for a funcref', {});
  }

  private objectNumber(value: unknown): number {
    const known = this.numbers.get(value);
    if (known !== undefined) return known;
    const number = this.objects.push(value);
    this.numbers.set(value, number);
    return number;
  }
}
