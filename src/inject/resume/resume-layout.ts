/**
 * Index spaces of a module with one resume function. It imports what the instance has: globals, tables and memories under
 * their own indices, functions as they are needed. Functions: the engine's, then the picked ones, then the module's own.
 */
import { invariant } from '../../errors.js';
import { InstructionReader, lebU32At } from '../../wasm/instructions.js';
import type { FuncType, Module } from '../../wasm/module.js';
import { Op } from '../../wasm/opcode.js';
import { type AddedFunction, supportFunctions } from '../added-functions.js';
import {
  type EngineImport,
  type EngineImportName,
  Layout,
  PUT_IMPORTS,
  RAISE_IMPORT,
  TAKE_IMPORTS,
} from '../layout.js';
import { segmentFunctions } from '../segments.js';
import type { Continuation } from './continuation.js';

const ENGINE_IMPORTS: readonly EngineImport[] = [...PUT_IMPORTS, ...TAKE_IMPORTS, RAISE_IMPORT];

/** A function of the instance that the module imports. */
export interface Picked {
  /** What the instance's `pick` takes: original indices first, then what the pass has added. */
  readonly pick: number;
  readonly type: FuncType;
}

export class ResumeLayout extends Layout {
  readonly picked: Picked[] = [];
  override readonly engineImports = ENGINE_IMPORTS;
  private readonly importOf = new Map<number, number>();
  private readonly added: readonly AddedFunction[];

  constructor(original: Module, { body, bytes, types }: Continuation) {
    super({ ...original, bytes, types: [...original.types, ...types] }, true);
    const main = new Layout(original, true);
    // For their types.
    this.added = [...supportFunctions(main, { memory: false, table: false }), ...segmentFunctions(main)];
    this.collect(new InstructionReader(bytes, body.code));
  }

  /** Index of the module's own first function. */
  get ownFunctions(): number {
    return ENGINE_IMPORTS.length + this.picked.length;
  }

  override callee(index: number): number {
    const found = this.importOf.get(index);
    invariant(found !== undefined, `function ${index} was not picked`);
    return found;
  }

  override functionIndex(original: number): number {
    return this.callee(super.functionIndex(original));
  }

  override engineImport(name: EngineImportName): number {
    return ENGINE_IMPORTS.findIndex((each) => each.name === name);
  }

  /** Finds all that the code needs before any of it is written, because imports come first. */
  private collect(reader: InstructionReader): void {
    const { support } = this;
    this.pick(support.poll);
    for (let index = support.memoryGrow; index < support.pick; index++) this.pick(index);
    while (reader.next()) {
      const { op } = reader;
      if (op !== Op.Call && op !== Op.ReturnCall && op !== Op.RefFunc) continue;
      this.pick(super.functionIndex(lebU32At(reader.bytes, reader.immediates)));
    }
  }

  private pick(index: number): void {
    if (this.importOf.has(index)) return;
    this.importOf.set(index, ENGINE_IMPORTS.length + this.picked.length);
    this.picked.push({ pick: this.pickIndex(index), type: this.typeOf(index) });
  }

  private typeOf(index: number): FuncType {
    if (index >= this.support.poll) return this.added[index - this.support.poll]!.type;
    const original = this.pickIndex(index);
    return this.types.types[this.types.instrumented(this.typeIndexOf[original]!)]!;
  }
}
