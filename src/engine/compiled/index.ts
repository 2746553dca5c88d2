/** The compiled engine: the public surface of this folder. */
export { CompiledEngine, type CompiledEngineOptions } from './engine.js';
export type { RewriteHelper, RewriteHelpers } from './helpers.js';
export type { RewrittenCache } from './rewritten.js';
