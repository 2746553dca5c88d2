/** What a snapshot holds. */
import type { EngineState } from '../engine/state.js';
import type { Blobs } from './blobs.js';

export interface SnapshotHeader {
  /** SHA-256 of the module's bytes, hex. */
  readonly moduleHash: string;
  /** Of the pass that rewrote the module, where one did: stack units and pre-emption points depend on it. */
  readonly rewriterVersion: string;
  /** Named facts that must be equal where it is restored; see the handshake. */
  readonly manifest: Readonly<Record<string, string>>;
}

export interface Snapshot extends SnapshotHeader {
  readonly engine: EngineState;
  /** Large byte arrays that sections speak of by number: what files hold. */
  readonly blobs: Blobs;
  /**
   * What other layers add, by name: WASI, session, outputs. Plain values of numbers, 64-bit integers, strings, byte arrays,
   * lists and records, which their owners check when they take them back.
   */
  readonly sections: Readonly<Record<string, unknown>>;
}

/** The header chunk. */
export interface HeaderFields extends SnapshotHeader {
  /** Of the hashes of pages. */
  readonly pageSeed: bigint;
}

/** In what a snapshot is not of this module and configuration, in words; empty if it is. */
export function differences(snapshot: SnapshotHeader, expected: SnapshotHeader): string[] {
  const found: string[] = [];
  const compare = (what: string, a: string | undefined, b: string | undefined) => {
    if (a !== b) found.push(`${what}: ${a ?? 'nothing'} in the snapshot, ${b ?? 'nothing'} here`);
  };
  compare('module', snapshot.moduleHash, expected.moduleHash);
  compare('rewriter version', snapshot.rewriterVersion, expected.rewriterVersion);
  for (const name of new Set([...Object.keys(snapshot.manifest), ...Object.keys(expected.manifest)])) {
    compare(name, snapshot.manifest[name], expected.manifest[name]);
  }
  return found;
}
