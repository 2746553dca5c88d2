/** Validation: the public surface of this folder. */
export type { ModuleContext } from './context.js';
export { validateFunction } from './function.js';
export { validateDeclarations, validateModule } from './validate.js';
