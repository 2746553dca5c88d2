/**
 * The pass in several threads. What concerns the whole module is done once; its bodies are cut into ranges, of which every
 * thread takes the next one when it is done with its last: first to scan them (`scan-together.ts`), then to rewrite them. The numbers of what ranges ask for are then brought in line
 * (`numbered.ts`). The result is, byte for byte, what one thread would have made.
 *
 * A range is copied to its place as soon as the sizes of all before it are known, by the thread that has made it.
 */
import { ByteWriter } from '../bytes/writer.js';
import type { Module } from '../wasm/module.js';
import { functionTypeIndices } from '../wasm/spaces.js';
import type { CallAnalysis } from './call-graph.js';
import { codeSize, type Injected, Injection, roomFor } from './inject.js';
import { Layout } from './layout.js';
import { References, renumber } from './numbered.js';
import type { InjectOptions } from './options.js';
import { type ModuleFacts, RangeRewriter, type RewrittenRange } from './range.js';
import { analyseTogether, type ScanHelp } from './scan-together.js';
import {
  rangeAt,
  rangeCount,
  type SharedBodies,
  shareBodies,
  sharedBody,
  sharedBytes,
  sharedCounters,
} from './shared-bodies.js';

/** What another thread needs to take part; can be cloned, and what is large in it is shared. */
export interface RewriteJob extends SharedBodies {
  /** Without bodies and custom sections. */
  readonly module: Module;
  readonly options: InjectOptions;
  readonly capture: boolean;
  readonly calls: CallAnalysis;
  readonly firstWanted: number;
  /** The code of all ranges goes to `gap` in `out`. */
  readonly out: Uint8Array;
  readonly gap: number;
  /** The next range to be taken, and the bytes of bodies rewritten so far. */
  readonly progress: Int32Array;
  /** Per range: bytes of its code, plus 1; 0 while that is not known. */
  readonly sizes: Int32Array;
}

/** What became of one range. */
export interface DoneRange extends RewrittenRange {
  readonly range: number;
  /** Its code, if that is not in its place: the size of a range before it was not known yet, or there is no room. */
  readonly code?: Uint8Array;
}

/** Other threads. */
export interface RewriteHelp {
  readonly scan: ScanHelp;
  /**
   * Has {@link takeRanges} done elsewhere. May be rejected, and may leave out ranges: they are done here. But nobody may
   * write into the job's memory any more once it has settled.
   */
  readonly rewrite: (job: RewriteJob) => Promise<readonly DoneRange[]>;
}

/**
 * Rewrites a validated module, with help; the result is that of `inject`. `module.bytes` is best in shared memory.
 * `rangeBytes`: see {@link RANGE_BYTES}.
 */
export async function injectTogether(
  module: Module,
  options: InjectOptions,
  help: RewriteHelp,
  rangeBytes = RANGE_BYTES,
): Promise<Injected> {
  const { all, gap } = roomFor(module);
  const out = new Uint8Array(new SharedArrayBuffer(all));
  const code = new ByteWriter(out);
  const bytes = sharedBytes(module.bytes);
  const bodies = shareBodies(module, rangeBytes);
  const calls = await analyseTogether(module, functionTypeIndices(module), bytes, bodies, help.scan);
  const injection = new Injection(module, options, calls, code);
  const job = makeJob(injection, bytes, bodies, out, gap);
  const helped = help.rewrite(job).catch(() => []);
  const total = codeSize(module);
  const onProgress = () => options.onProgress?.(Atomics.load(job.progress, Progress.Bytes), total);
  const done: DoneRange[] = [];
  const own = takeRanges(job, injection, onProgress);
  // Help that was slow to come is not waited for.
  const theirs = own.length === rangeCount(job) ? [] : await helped;
  for (const each of [...own, ...theirs]) done[each.range] = each;
  options.onProgress?.(total, total);
  for (let range = 0; range < rangeCount(job); range++) {
    done[range] ??= rewriteAlone(job, injection, range);
    if (!append(injection, code, job, done[range]!)) return new Injection(module, options, calls).run();
  }
  return injection.finish();
}

/** Rewrites ranges until none is left to be taken. */
export function takeRanges(job: RewriteJob, facts = factsOf(job), onProgress: () => void = () => {}): DoneRange[] {
  const { progress, sizes } = job;
  const placed = new Placement(job);
  const count = (bytes: number) => {
    Atomics.add(progress, Progress.Bytes, bytes);
    onProgress();
  };
  for (;;) {
    const range = Atomics.add(progress, Progress.Next, 1);
    if (range >= rangeCount(job)) return placed.finish();
    const code = placed.writer();
    const rewritten = rewriteRange(job, facts, range, code, count);
    Atomics.store(sizes, range, code.length + 1);
    placed.add({ ...rewritten, range }, code);
  }
}

/** Fields of {@link RewriteJob.progress}. */
const Progress = { Next: 0, Bytes: 1 } as const;

/** Puts the ranges that one thread has rewritten where they belong. */
class Placement {
  private readonly done: DoneRange[] = [];
  /** Code of the last ranges, whose place is not known yet. */
  private readonly waiting: ByteWriter[] = [];
  private readonly free: ByteWriter[] = [];
  /** The first range whose place is not known, and where the one before it ends. */
  private next = 0;
  private end: number;

  constructor(private readonly job: RewriteJob) {
    this.end = job.gap;
  }

  /** For the code of a range; memory that was used before is not touched for the first time again. */
  writer(): ByteWriter {
    const writer = this.free.pop() ?? new ByteWriter(RANGE_BYTES * 3);
    writer.truncate(0);
    return writer;
  }

  add(done: DoneRange, code: ByteWriter): void {
    this.done.push(done);
    this.waiting.push(code);
    while (this.waiting.length > 0) {
      const first = this.waiting[0]!;
      const place = this.placeOf(this.done[this.done.length - this.waiting.length]!.range, first.length);
      if (place === undefined) return;
      this.job.out.set(first.bytes, place);
      this.free.push(this.waiting.shift()!);
    }
  }

  /** All that was done; those that still wait take their code along. */
  finish(): DoneRange[] {
    const { done, waiting } = this;
    const first = done.length - waiting.length;
    return done.map((each, at) => (at < first ? each : { ...each, code: waiting[at - first]!.bytes.slice() }));
  }

  private placeOf(range: number, length: number): number | undefined {
    const { out, sizes } = this.job;
    for (; this.next < range; this.next++) {
      const size = Atomics.load(sizes, this.next);
      if (size === 0) return undefined;
      this.end += size - 1;
    }
    return this.end + length <= out.length ? this.end : undefined;
  }
}

function rewriteRange(
  job: RewriteJob,
  facts: ModuleFacts,
  range: number,
  code: ByteWriter,
  count: (bytes: number) => void,
): RewrittenRange {
  const rewriter = new RangeRewriter(facts, code, new References());
  return rewriter.rewrite(rangeAt(job, range), count);
}

/** A range of which nothing was heard again. */
function rewriteAlone(job: RewriteJob, facts: ModuleFacts, range: number): DoneRange {
  const code = new ByteWriter(RANGE_BYTES * 3);
  return { ...rewriteRange(job, facts, range, code, () => {}), range, code: code.bytes };
}

/** Appends a range to those before it. False if that takes other numbers of other sizes, which is for one thread alone. */
function append(injection: Injection, code: ByteWriter, { out, sizes }: RewriteJob, done: DoneRange): boolean {
  const place = code.length;
  const bytes = done.code ?? out.subarray(place, place + sizes[done.range]! - 1);
  const renumbering = injection.join(done);
  if (!renumbering.changesNothing && !renumber(bytes, done.references, renumbering)) return false;
  if (done.code === undefined) code.advanceTo(place + bytes.length);
  else code.copy(done.code);
  return true;
}

function makeJob(
  injection: Injection,
  bytes: Uint8Array,
  bodies: SharedBodies,
  out: Uint8Array,
  gap: number,
): RewriteJob {
  const { calls, firstWanted, layout, module, options } = injection;
  const { onProgress: _onProgress, ...rest } = options;
  return {
    ...{ ...bodies, calls, firstWanted, out, gap, capture: layout.capture, options: rest },
    module: { ...module, bytes, bodies: [], customs: [] },
    progress: sharedCounters(2),
    sizes: sharedCounters(rangeCount(bodies)),
  };
}

/** Small enough that threads end at about the same time, and that what a range begins with costs little beside it. */
const RANGE_BYTES = 1 << 19;

function factsOf(job: RewriteJob): ModuleFacts {
  const { calls, capture, firstWanted, module, options } = job;
  return {
    layout: new Layout(module, capture, options.depth),
    options,
    calls,
    firstWanted,
    bodyAt: (at) => sharedBody(job, at),
  };
}
