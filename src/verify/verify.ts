/** Whether two engines do the same with a recording, and the first instruction that they execute differently if not. */
import type { PreparedModule } from '../engine/engine.js';
import { decodeModule } from '../wasm/decode/index.js';
import { ModuleNames } from '../wasm/names.js';
import { Bisection, type FoundInstruction } from './bisect.js';
import type { Difference } from './difference.js';
import { liveLocalsOf } from './live-locals.js';
import { Lockstep } from './lockstep.js';
import type { Point } from './point.js';
import { type Recorded, Side } from './side.js';
import { Stepper } from './stepper.js';

export interface VerifyInput extends Recorded {
  /** The module as it was recorded. */
  readonly module: Uint8Array;
  readonly compiled: PreparedModule;
  readonly interpreter: PreparedModule;
  /** Instructions between two comparisons. */
  readonly every: number;
  readonly onPoint?: (counter: number) => void;
}

/** Where and how the engines part; the values are the compiled engine's and the interpreter's. */
export interface EngineDifference extends Difference {
  /** Counter up to which they agree. */
  readonly agreedTo: number;
  /** Counter at which the difference was seen. */
  readonly seenAt: number;
  /** Undefined if they agree when they are looked at more closely. */
  readonly instruction: (FoundInstruction & { readonly functionName: string | undefined }) | undefined;
}

export type Verdict =
  | { readonly kind: 'equal'; readonly counter: number; readonly compared: number; readonly end: string }
  | { readonly kind: 'diverged'; readonly counter: number; readonly message: string }
  | { readonly kind: 'different'; readonly difference: EngineDifference };

/** @throws FTW_UNSUPPORTED for a module whose frames cannot be captured */
export function verify(input: VerifyInput): Verdict {
  const module = decodeModule(input.module);
  const live = liveLocalsOf(module);
  const compiled = new Side('compiled', input.compiled, input);
  const stepper = new Stepper('interpreter', input.interpreter, input);
  const lockstep = new Lockstep([compiled, stepper], live, input.onPoint);
  const result = lockstep.run(undefined, { sliceFuel: input.every, atCalls: input.every === 1 });
  if (!('difference' in result)) return agreement(result.end, result.compared);
  const closest = lockstep.narrow(result);
  const { difference, from, points } = closest ?? result;
  const found = closest && new Bisection(closest, compiled, stepper, live).find();
  const functionName = found && new ModuleNames(module).functionName(found.functionIndex);
  return {
    kind: 'different',
    difference: {
      ...difference,
      agreedTo: from?.engine.counter ?? 0,
      seenAt: Math.max(points[0].counter, points[1].counter),
      instruction: found && { ...found, functionName },
    },
  };
}

function agreement(end: Point, compared: number): Verdict {
  const { counter } = end;
  if (end.kind === 'diverged') return { kind: 'diverged', counter, message: end.message };
  return { kind: 'equal', counter, compared, end: end.kind === 'ended' ? end.outcome.kind : end.kind };
}
