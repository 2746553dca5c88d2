/** The calls of a function: their callees and where arguments and results are. */
import type { FuncType } from '../../../wasm/module.js';
import { Ir } from '../generated/ir.js';
import type { ModuleEnv } from '../translate/env.js';
import { sizeOf } from '../translate/frame.js';
import type { Access } from './accesses.js';
import type { RegionHost } from './host.js';
import type { IrCode } from './ir-code.js';

const CALLS: ReadonlySet<number> = new Set([Ir.call, Ir.call_lazy, Ir.call_host, Ir.call_indirect]);

export const isCall = (op: number): boolean => CALLS.has(op);

/** A call that ends the frame: regions leave it to the loop, which finds the arguments on top of the stack. */
export const isTailCall = (op: number): boolean => op === Ir.return_call || op === Ir.return_call_indirect;

export class CallSites {
  constructor(
    private readonly machine: RegionHost,
    private readonly env: ModuleEnv,
  ) {}

  type(code: IrCode, at: number): FuncType {
    const { env, machine } = this;
    if (code.has(at, 'type')) return env.module.types[env.typeIds.indexOf(code.word(at, 'type'))]!;
    const target = code.word(at, 'target');
    const ref = code.op(at) === Ir.call ? machine.code.find(target)!.ref : target;
    return machine.functions.definition(ref).type;
  }

  /** Where the caller's frame has the arguments, and later the results. */
  places(code: IrCode, at: number): { params: Access[]; results: Access[] } {
    const delta = code.field(code.callRecord(at), 'delta');
    const { params, results } = this.type(code, at);
    return { params: placesOf(params, delta), results: placesOf(results, delta) };
  }
}

function placesOf(types: readonly number[], from: number): Access[] {
  let slot = from;
  return types.map((type) => {
    const access = { slot, type };
    slot += sizeOf(type);
    return access;
  });
}
