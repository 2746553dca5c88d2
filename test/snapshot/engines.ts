/** Two prepared forms of one module as one, for runs that change the engine. */
import type { PreparedModule } from '../../src/engine/engine.js';

/** Restores take turns between the engines, beginning with the second. */
export function alternating(first: PreparedModule, second: PreparedModule): PreparedModule {
  let turn = 0;
  return {
    ...{ hash: first.hash, imports: first.imports, exports: first.exports },
    instantiate: (options) => first.instantiate(options),
    restore: (state, options) => (turn++ % 2 === 0 ? second : first).restore!(state, options),
  };
}
