/** Writing binaries: the public surface of this folder. */
export { type EncodeOptions, encodeModule, writeSection } from './encode.js';
export * from './sections.js';
