/** Random modules as guests that can be run and captured: they import functions only, and every export is called. */
import { ByteWriter } from '../../../src/bytes/writer.js';
import { WebAssembly } from '../../../src/engine/compiled/webassembly.js';
import type { BoundaryValue, PreparedModule } from '../../../src/engine/engine.js';
import { writeZero } from '../../../src/inject/zero.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { encodeModule } from '../../../src/wasm/encode/index.js';
import { type FuncType, type Global, type GlobalType, ValType } from '../../../src/wasm/module.js';
import { Op } from '../../../src/wasm/opcode.js';
import type { GuestRun } from '../../snapshot/capture-run.js';

/**
 * The module with its imported globals as globals of its own, which have the same indices; undefined if the host would still
 * have to provide what it cannot.
 */
export function closed(bytes: Uint8Array): Uint8Array | undefined {
  const module = decodeModule(bytes);
  const imports = module.imports.filter(({ desc }) => desc.kind === 'func');
  const globals = module.imports.flatMap(({ desc }): Global[] =>
    desc.kind === 'global' ? [zeroGlobal(desc.global)] : [],
  );
  if (imports.length + globals.length !== module.imports.length) return undefined;
  if (!imports.every(({ desc }) => desc.kind === 'func' && callable(module.types[desc.typeIndex]!))) return undefined;
  const changed = encodeModule({ ...module, imports, globals: [...globals, ...module.globals] });
  return WebAssembly.validate(changed) ? changed : undefined;
}

function zeroGlobal(global: GlobalType): Global {
  const source = new ByteWriter(32);
  writeZero(source, global.type);
  source.u8(Op.End);
  return { global, init: { start: 0, end: source.length, source: source.finish() } };
}

/** JavaScript cannot pass vectors. */
const callable = ({ params, results }: FuncType) => ![...params, ...results].some((type) => type === ValType.V128);

function sample(type: ValType): BoundaryValue {
  if (type === ValType.I64) return 0n;
  return type === ValType.FuncRef || type === ValType.ExternRef ? null : 0;
}

/** All exported functions that JavaScript can call, each with zeros. */
export function callsOf({ exports }: PreparedModule): GuestRun['calls'] {
  return exports.flatMap(({ name, type }): GuestRun['calls'] =>
    type !== undefined && callable(type) ? [[name, ...type.params.map(sample)]] : [],
  );
}
