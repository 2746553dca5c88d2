/** The interpreter: the public surface of this folder. */
export { disassemble } from './disassemble.js';
export { InterpreterEngine, type InterpreterEngineOptions } from './engine.js';
export type { GuestFrame } from './frames.js';
export { InterpreterInstance } from './instance.js';
export { NO_REGIONS, type RegionOptions } from './regions/regions.js';
export type { Stopped } from './runner.js';
export { DebugSession } from './session.js';
