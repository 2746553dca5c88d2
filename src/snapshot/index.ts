/** Snapshots: the public surface of this folder. */
export { BLOCK_BYTES, type Blobs } from './blobs.js';
export { CHUNK_BYTES_MAX, type Compression, SNAPSHOT_VERSION } from './chunk.js';
export { SnapshotReader } from './decode.js';
export { encodeMemory, encodeSnapshot } from './encode.js';
export type { StateWithoutMemories } from './engine-state.js';
export { PAGE_BYTES, PageHasher } from './page-hash.js';
export { PageTracker } from './page-tracker.js';
export { SnapshotRelay } from './relay.js';
export { differences, type Snapshot, type SnapshotHeader } from './snapshot.js';
export { SnapshotWriter } from './writer.js';
