/** Snapshots and logs on disk: the public surface of this folder. */
export { differencesOf, sameWriter } from './differences.js';
export { DURABLE_VERSION, durableError, type FileHeader, type OutputAfter, type Writer } from './format.js';
export { MeasuredStorage } from './measured-storage.js';
export { type RecoveredItem, recoveredItems } from './recovered-state.js';
export type { Crc32, Storage, StorageFile } from './storage.js';
export { DurableStore, removePartials, type StoreEvents, type StoreOptions } from './store.js';
export { type Recovered, survey } from './survey.js';
