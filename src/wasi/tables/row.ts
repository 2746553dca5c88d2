/** What the table says about one call. */
import type { CallClass, CallInfo } from '../../record/call.js';
import type { FuncType } from '../../wasm/module.js';
import type { WasiContext, WasiStep } from '../context.js';
import { parseSignature } from './signature.js';

/** The deterministic part of a call; arguments as in the signature, i32 as unsigned number, i64 as bigint. */
export type WasiHandler = (ctx: WasiContext, ...args: never[]) => WasiStep;

export interface CallRow extends CallInfo {
  /** The import's module and name. */
  readonly module: string;
  readonly function: string;
  readonly type: FuncType;
  readonly handler: WasiHandler;
}

/** Makes rows of one import module; see signature.ts for the notation. */
export function rowMaker(module: string) {
  return (id: number, name: string, callClass: CallClass, signature: string, handler: WasiHandler): CallRow => {
    const { params, type } = parseSignature(signature);
    return { id, name: `${module}.${name}`, module, function: name, class: callClass, params, type, handler };
  };
}
