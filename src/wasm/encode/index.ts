/** Writing binaries: the public surface of this folder. */
export { type EncodeOptions, encodeAround, encodeModule, writeSection } from './encode.js';
export * from './sections.js';
