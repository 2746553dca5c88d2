/** What is known of a function whose region is to be made. */
import { ValType } from '../../../wasm/module.js';
import { CallSites } from './calls.js';
import { loopsOf } from './graph.js';
import type { RegionHost } from './host.js';
import { type Block, IrCode } from './ir-code.js';
import { Liveness } from './liveness.js';

/** Larger functions are left to the loop: V8 would take too long over them. Bytes of IR. */
export const CODE_BYTES_MAX = 48 << 10;

export class Analysis {
  readonly code: IrCode;
  readonly calls: CallSites;
  readonly loops: ReadonlyMap<Block, ReadonlySet<Block>>;
  /** Whether calls can go to a region. Functions with several results or huge frames write beside their locals. */
  readonly canBeCalled: boolean;
  private known: Liveness | undefined;

  constructor(machine: RegionHost, ref: number) {
    const definition = machine.functions.definition(ref);
    if (definition.kind === 'host') throw new Error('a host function has no code');
    const { env, index, type } = definition;
    this.code = new IrCode(env, index, machine.entryOf(ref));
    this.calls = new CallSites(machine, env);
    this.loops = loopsOf(this.code);
    this.canBeCalled = !this.code.hasFarLocals && type.results.length <= 1 && type.results[0] !== ValType.V128;
  }

  get isSmall(): boolean {
    return this.code.size <= CODE_BYTES_MAX;
  }

  get liveness(): Liveness {
    this.known ??= new Liveness(this.code, this.calls);
    return this.known;
  }

  /** Headers of the loops around a code position, innermost first. */
  loopsAround(position: number): Block[] {
    const block = this.code.blocks.findLast(({ start }) => start <= position);
    if (block === undefined) return [];
    return [...this.loops].filter(([, members]) => members.has(block)).map(([header]) => header);
  }
}
