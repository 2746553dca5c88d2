/** The interpreter: the public surface of this folder. */
export { InterpreterEngine, type InterpreterEngineOptions } from './engine.js';
