/** Snapshots: the public surface of this folder. */
export { type Compression, SNAPSHOT_VERSION } from './chunk.js';
export { SnapshotReader } from './decode.js';
export { encodeSnapshot } from './encode.js';
export { differences, type Snapshot, type SnapshotHeader } from './snapshot.js';
