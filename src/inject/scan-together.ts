/** The scan of `call-scan.ts` in several threads: each takes the next range of bodies when it is done with its last. */
import type { Module } from '../wasm/module.js';
import { analyseScanned, type CodeAnalysis, scanFacts } from './call-graph.js';
import { type ScanFacts, type ScannedCalls, scanCalls } from './call-scan.js';
import { rangeAt, rangeCount, type SharedBodies, sharedBody, sharedCounters } from './shared-bodies.js';

/** What another thread needs to take part; can be cloned, and what is large in it is shared. */
export interface ScanJob extends SharedBodies {
  readonly bytes: Uint8Array;
  readonly imported: number;
  readonly typeNode: Uint32Array;
  /** The next range to be taken. */
  readonly progress: Int32Array;
}

/** What became of one range. */
export interface ScannedRange extends ScannedCalls {
  readonly range: number;
}

/** Has {@link takeScans} done elsewhere. May be rejected, and may leave out ranges: they are done here. */
export type ScanHelp = (job: ScanJob) => Promise<readonly ScannedRange[]>;

/** `bytes`: those of the module, shared. @throws DecodeError FTW_UNSUPPORTED for the first instruction that is refused */
export async function analyseTogether(
  module: Module,
  typeIndexOf: Uint32Array,
  bytes: Uint8Array,
  shared: SharedBodies,
  help: ScanHelp,
): Promise<CodeAnalysis> {
  const { imported, typeNode } = scanFacts(module, typeIndexOf.length);
  const job: ScanJob = { ...shared, bytes, imported, typeNode, progress: sharedCounters(1) };
  const helped = help(job).catch(() => []);
  const own = takeScans(job);
  // Help that was slow to come is not waited for.
  const theirs = own.length === rangeCount(job) ? [] : await helped;
  const scanned: ScannedCalls[] = [];
  for (const each of [...own, ...theirs]) scanned[each.range] = each;
  for (let range = 0; range < rangeCount(job); range++) scanned[range] ??= scanCalls(factsOf(job), rangeAt(job, range));
  return analyseScanned(module, typeIndexOf, scanned);
}

/** Scans ranges until none is left to be taken, but for those that hold an instruction that is refused. */
export function takeScans(job: ScanJob): ScannedRange[] {
  const done: ScannedRange[] = [];
  const facts = factsOf(job);
  for (;;) {
    const range = Atomics.add(job.progress, 0, 1);
    if (range >= rangeCount(job)) return done;
    try {
      done.push({ ...scanCalls(facts, rangeAt(job, range)), range });
    } catch {
      // It is scanned once more behind the others, so that the first such instruction of all is the one that is named.
    }
  }
}

function factsOf(job: ScanJob): ScanFacts {
  const { bytes, imported, typeNode } = job;
  return { bytes, imported, typeNode, bodyAt: (at) => sharedBody(job, at) };
}
