/** Functions as the loop sees them: records in linear memory, addressed by reference, and what the host knows of each. */
import { FtWasmError } from '../../errors.js';
import type { FuncType } from '../../wasm/module.js';
import type { HostFunction } from '../engine.js';
import { Func, Memory } from './generated/abi.js';
import type { LinearMemory } from './memory.js';
import type { ModuleEnv } from './translate/env.js';

/** A function of a guest, or one of the host. */
export type FunctionDefinition =
  | { readonly kind: 'guest'; readonly type: FuncType; readonly env: ModuleEnv; readonly index: number }
  | { readonly kind: 'host'; readonly type: FuncType; readonly name: string; readonly call: HostFunction };

const FUNCTIONS_MAX = (Memory.ARENA - Memory.FUNCS) / Func.SIZE - 1;

export class Functions {
  private readonly definitions: FunctionDefinition[] = [];
  private readonly typeIds = new Map<string, number>();

  constructor(private readonly memory: LinearMemory) {}

  /** Adds a function and returns its reference. @throws FtWasmError FTW_LIMIT when there are too many */
  add(definition: FunctionDefinition): number {
    const number = this.definitions.push(definition);
    if (number > FUNCTIONS_MAX) {
      throw new FtWasmError('FTW_LIMIT', `expected at most ${FUNCTIONS_MAX} functions, found more`, {});
    }
    // Number 0 stays unused: its record's address would be taken for one, but 0 is null.
    const ref = Memory.FUNCS + number * Func.SIZE;
    this.memory.u32[(ref + Func.TYPE) >> 2] = this.typeId(definition.type);
    return ref;
  }

  definition(ref: number): FunctionDefinition {
    return this.definitions[(ref - Memory.FUNCS) / Func.SIZE - 1]!;
  }

  /** Address of the Entry record of translated code, 0 if there is none. */
  entry(ref: number): number {
    return this.memory.u32[(ref + Func.ENTRY) >> 2]!;
  }

  setEntry(ref: number, entry: number): void {
    this.memory.u32[(ref + Func.ENTRY) >> 2] = entry;
  }

  /** One number for all equal types, so that an indirect call compares numbers. */
  typeId({ params, results }: FuncType): number {
    const key = `${params.join()}>${results.join()}`;
    const known = this.typeIds.get(key);
    if (known !== undefined) return known;
    const id = this.typeIds.size + 1;
    this.typeIds.set(key, id);
    return id;
  }
}
