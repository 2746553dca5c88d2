/** Two engines, one recording: the public surface of this folder. */
export type { FoundInstruction } from './bisect.js';
export type { Difference } from './difference.js';
export { type EngineDifference, type Verdict, type VerifyInput, verify } from './verify.js';
