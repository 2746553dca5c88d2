/** Typed constructors for effects: the one place where a result's type meets the log's. */
import type { LoggedValue } from '../log/entry.js';
import type { Effect } from '../record/call.js';
import type { WasiStep } from './context.js';
import type { LiveWorld } from './live.js';

type Parts<R extends LoggedValue> = Omit<Effect<LiveWorld, R>, 'class'>;

/** A call whose result is observed and logged. */
export function input<R extends LoggedValue>(parts: Parts<R>): WasiStep {
  return { class: 'input', ...parts } as unknown as Effect<LiveWorld>;
}

/** A call that sends bytes out; what the guest learns about it is logged. */
export function output<R extends LoggedValue>(parts: Parts<R>): WasiStep {
  return { class: 'output', ...parts } as unknown as Effect<LiveWorld>;
}
