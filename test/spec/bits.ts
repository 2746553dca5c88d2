/**
 * Exports of a module as integers. NaN payloads and v128 values do not survive a crossing into JavaScript, so each
 * exported function gets a twin that takes and gives bits (f32 as i32, f64 as i64, v128 as two i64), and each exported
 * global a function that reads it.
 */
import { ByteWriter } from '../../src/bytes/writer.js';
import { decodeModule } from '../../src/wasm/decode/index.js';
import { encodeModule } from '../../src/wasm/encode/index.js';
import { type Export, type FuncType, type FunctionBody, type Module, ValType } from '../../src/wasm/module.js';
import { Op } from '../../src/wasm/opcode.js';
import { opcodeByName } from '../../src/wasm/opcode-lookup.js';
import { allGlobals, functionTypeIndices } from '../../src/wasm/spaces.js';

/** Names of the twins: this and the name of the export. */
export const BITS_PREFIX = 'spec-bits:';

const BITS = new Map<number, readonly ValType[]>([
  [ValType.F32, [ValType.I32]],
  [ValType.F64, [ValType.I64]],
  [ValType.V128, [ValType.I64, ValType.I64]],
]);
const bitsOf = (type: ValType): readonly ValType[] => BITS.get(type) ?? [type];
const bitsOfAll = (types: readonly ValType[]): ValType[] => types.flatMap(bitsOf);

class Assembler {
  readonly out = new ByteWriter(256);

  op(name: string, ...immediates: number[]): this {
    const row = opcodeByName(name)!;
    if (row.prefix === 0) this.out.u8(row.sub);
    else {
      this.out.u8(row.prefix);
      this.out.u32(row.sub);
    }
    for (const immediate of immediates) this.out.u32(immediate);
    return this;
  }
}

/** Adds the twins. */
export function withBits(bytes: Uint8Array): Uint8Array {
  const module = decodeModule(bytes);
  const types: FuncType[] = [...module.types];
  const functions = [...module.functions];
  const bodies: FunctionBody[] = [...module.bodies];
  const exports: Export[] = [...module.exports];
  const indices = functionTypeIndices(module);
  const globals = allGlobals(module);
  for (const { kind, index, name } of module.exports) {
    if (kind !== 'func' && kind !== 'global') continue;
    const type = kind === 'func' ? module.types[indices[index]!]! : { params: [], results: [globals[index]!.type] };
    const body = twin(type, kind === 'func' ? ['call', index] : ['global.get', index]);
    exports.push({
      name: BITS_PREFIX + name,
      kind: 'func',
      index: indices.length + bodies.length - module.bodies.length,
    });
    functions.push(types.push({ params: bitsOfAll(type.params), results: bitsOfAll(type.results) }) - 1);
    bodies.push({
      body: { start: 0, end: body.length, source: body },
      code: { start: 0, end: body.length, source: body },
    });
  }
  const changed: Module = { ...module, types, functions: Uint32Array.from(functions), bodies, exports };
  return encodeModule(changed);
}

/** A function body: locals for the results, the operands from bits, `target`, the results as bits. */
function twin({ params, results }: FuncType, target: [string, number]): Uint8Array {
  const asm = new Assembler();
  asm.out.u32(results.length);
  for (const result of results) {
    asm.out.u32(1);
    asm.out.u8(result);
  }
  let local = 0;
  for (const param of params) local = pushParam(asm, param, local);
  asm.op(...target);
  for (let i = results.length - 1; i >= 0; i--) asm.op('local.set', local + i);
  for (const [i, result] of results.entries()) pushResult(asm, result, local + i);
  asm.out.u8(Op.End);
  return asm.out.finish();
}

/** Pushes a parameter made from the locals at `local`; returns the local after them. */
function pushParam(asm: Assembler, type: ValType, local: number): number {
  asm.op('local.get', local);
  if (type === ValType.F32) asm.op('f32.reinterpret_i32');
  else if (type === ValType.F64) asm.op('f64.reinterpret_i64');
  else if (type === ValType.V128) {
    asm
      .op('i64x2.splat')
      .op('local.get', local + 1)
      .op('i64x2.replace_lane', 1);
    return local + 2;
  }
  return local + 1;
}

function pushResult(asm: Assembler, type: ValType, local: number): void {
  asm.op('local.get', local);
  if (type === ValType.F32) asm.op('i32.reinterpret_f32');
  else if (type === ValType.F64) asm.op('i64.reinterpret_f64');
  else if (type === ValType.V128) {
    asm.op('i64x2.extract_lane', 0).op('local.get', local).op('i64x2.extract_lane', 1);
  }
}
