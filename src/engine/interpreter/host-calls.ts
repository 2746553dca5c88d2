/** Calls from the guest into the host: arguments are read from the caller's frame, results are written in their place. */
import type { FuncType } from '../../wasm/module.js';
import type { Machine } from './machine.js';
import { sizeOf, sizeOfAll } from './translate/frame.js';
import { readValue, writeValue } from './values.js';

type AnyFunction = (...args: unknown[]) => unknown;

/** What a call needs, prepared once. */
interface Callee {
  readonly call: AnyFunction;
  readonly type: FuncType;
  /** Bytes of arguments or results, whichever is more. */
  readonly bytes: number;
}

export class HostCalls {
  private readonly callees = new Map<number, Callee>();

  constructor(private readonly machine: Machine) {}

  /** Bytes that arguments and results need on the caller's operand stack. */
  bytesOf(ref: number): number {
    return this.callee(ref).bytes;
  }

  /** Calls host function `ref` with the arguments at address `at`. @throws what it throws */
  call(ref: number, at: number, counter: number): void {
    const { call, type } = this.callee(ref);
    const { memory, references } = this.machine;
    const args: unknown[] = [];
    let from = at;
    for (const param of type.params) {
      args.push(readValue(memory, from, param, references));
      from += sizeOf(param);
    }
    args.push(counter);
    this.store(type.results, at, call(...args));
  }

  private store(results: readonly number[], at: number, value: unknown): void {
    if (results.length === 0) return;
    const { memory, references } = this.machine;
    if (results.length === 1) return writeValue(memory, at, results[0]!, value, references);
    let to = at;
    for (const [index, result] of [...(value as Iterable<unknown>)].entries()) {
      writeValue(memory, to, results[index]!, result, references);
      to += sizeOf(results[index]!);
    }
  }

  private callee(ref: number): Callee {
    const known = this.callees.get(ref);
    if (known !== undefined) return known;
    const definition = this.machine.functions.definition(ref);
    if (definition.kind !== 'host') throw new Error('expected a host function');
    const { type } = definition;
    const bytes = Math.max(sizeOfAll(type.params), sizeOfAll(type.results));
    const callee = { call: definition.call as AnyFunction, type, bytes };
    this.callees.set(ref, callee);
    return callee;
  }
}
