/** Typed constructors for effects: the one place where a result's type meets the log's. */
import type { LoggedValue } from '../log/entry.js';
import type { ByteDigest, Effect } from '../record/call.js';
import type { WasiStep } from './context.js';
import type { LiveWorld } from './live.js';

type Parts<R extends LoggedValue> = Omit<Effect<LiveWorld, R>, 'class'>;

/** A call whose result is observed and logged. */
export function input<R extends LoggedValue>(parts: Parts<R>): WasiStep {
  return new WasiEffect('input', parts) as unknown as Effect<LiveWorld>;
}

/** A call that sends bytes out; what the guest learns about it is logged. */
export function output<R extends LoggedValue>(parts: Parts<R>): WasiStep {
  return new WasiEffect('output', parts) as unknown as Effect<LiveWorld>;
}

/** One shape for all effects: the session's call sites stay monomorphic, which is most of what makes them fast. */
class WasiEffect<R extends LoggedValue> implements Effect<LiveWorld, R> {
  readonly class: 'input' | 'output';
  readonly observe: (live: LiveWorld, reissued: boolean) => R;
  readonly accepts: (result: LoggedValue) => boolean;
  readonly digest: ((result: R, digest: ByteDigest) => void) | undefined;
  readonly apply: (result: R, event: number) => WasiStep;

  constructor(effectClass: 'input' | 'output', parts: Parts<R>) {
    this.class = effectClass;
    this.observe = parts.observe;
    this.accepts = parts.accepts;
    this.digest = parts.digest;
    this.apply = parts.apply;
  }
}
