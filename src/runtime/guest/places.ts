/** Places in the guest's code, with their names. */
import type { CodePlace, EngineInstance, Outcome } from '../../engine/engine.js';
import { decodeModule } from '../../wasm/decode/index.js';
import { ModuleNames } from '../../wasm/names.js';
import type { GuestPlace } from './protocol.js';

/** Where a trapped guest was. */
export function trapPlace(outcome: Outcome, module: Uint8Array): GuestPlace | undefined {
  if (outcome.kind !== 'trapped' || outcome.functionIndex === undefined) return undefined;
  return named({ functionIndex: outcome.functionIndex, ...offsetOf(outcome) }, module);
}

/** From where the guest called the host function that threw `error`. */
export function callPlace(instance: EngineInstance, error: Error, module: Uint8Array): GuestPlace | undefined {
  const place = instance.locate?.(error);
  return place && named(place, module);
}

function offsetOf({ offset }: { readonly offset?: number }): { offset?: number } {
  return offset === undefined ? {} : { offset };
}

/** Decodes the module once more: this happens at most once in a run, at its end. */
function named(place: CodePlace, module: Uint8Array): GuestPlace {
  const functionName = new ModuleNames(decodeModule(module)).functionName(place.functionIndex);
  return { ...place, ...(functionName === undefined ? {} : { functionName }) };
}
