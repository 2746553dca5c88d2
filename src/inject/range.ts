/** Rewrites the bodies of a range of functions: of all, or of some while other threads rewrite others. */
import type { ByteWriter } from '../bytes/writer.js';
import type { FunctionBody } from '../wasm/module.js';
import { BranchHints, type WrittenHints } from './branch-hints.js';
import type { CallAnalysis } from './call-graph.js';
import { CaptureSites } from './capture-sites.js';
import { FunctionPass } from './function-pass.js';
import type { FunctionRange } from './function-range.js';
import { FunctionRewriter } from './function-rewriter.js';
import type { Layout } from './layout.js';
import type { Numbered, References, Wanted } from './numbered.js';
import type { InjectOptions } from './options.js';
import { Recursion } from './recursion.js';
import { SaveFunctions } from './save-functions.js';
import { SlowEntries } from './slow-entries.js';
import type { Trace } from './trace.js';

/** What is known of the whole module. */
export interface ModuleFacts {
  readonly layout: Layout;
  readonly options: InjectOptions;
  readonly calls: CallAnalysis;
  /** Index of the first function that bodies ask for. */
  readonly firstWanted: number;
  /** Bodies by the number of their function, counted without imports. */
  bodyAt(at: number): FunctionBody;
}

/** What came of a range besides the code. */
export interface RewrittenRange extends Numbered {
  /** Where the numbers of {@link Numbered} stand, if somebody has to know. */
  readonly references: Int32Array;
  readonly hints: WrittenHints;
  /** Functions named by `ref.func`, by original index, in order. */
  readonly referenced: readonly number[];
}

/** One function whose code is traced. */
export interface Traced {
  readonly at: number;
  readonly trace: Trace;
}

export class RangeRewriter {
  private readonly pass: FunctionPass;
  private readonly hints = new BranchHints();
  private readonly functions: Wanted[] = [];
  private readonly rewriter: FunctionRewriter;

  /** Appends code entries to `out`. `references`: notes where numbers stand, if the range is one of several. */
  constructor(
    private readonly facts: ModuleFacts,
    private readonly out: ByteWriter,
    private readonly references?: References,
  ) {
    const { calls, firstWanted, layout, options } = facts;
    const add = (wanted: Wanted) => firstWanted + this.functions.push(wanted) - 1;
    this.pass = new FunctionPass(layout, options);
    this.pass.hints = this.hints;
    this.pass.references = references;
    if (layout.capture) {
      const saves = new SaveFunctions((values) => add({ saves: values }));
      this.pass.captures = new CaptureSites(layout.module.bytes, calls, saves);
    }
    this.rewriter = new FunctionRewriter(this.pass, new SlowEntries((type) => add({ entryOf: type })));
  }

  /** `onProgress` is called now and then with the bytes of bodies that were rewritten since the last time. */
  rewrite({ from, to }: FunctionRange, onProgress: (bytes: number) => void, traced?: Traced): RewrittenRange {
    const { facts, hints, out, pass, references, rewriter } = this;
    const origin = out.length;
    let bytes = 0;
    for (let at = from; at < to; at++) {
      const body = facts.bodyAt(at);
      pass.trace = traced?.at === at ? traced.trace : undefined;
      this.rewriteBody(at, body);
      rewriter.appendTo(out);
      const { bodyBytes, prefixBytes } = rewriter;
      references?.finish(out.length - bodyBytes - origin, prefixBytes);
      pass.trace?.finish(prefixBytes, bodyBytes, out.length);
      bytes += body.body.end - body.body.start;
      if ((at - from) % PROGRESS_STRIDE !== 0 && at !== to - 1) continue;
      onProgress(bytes);
      bytes = 0;
    }
    return {
      functions: this.functions,
      types: facts.layout.types.takeAdded(),
      references: references?.list ?? NO_REFERENCES,
      hints: hints.written,
      referenced: [...pass.referenced],
    };
  }

  private rewriteBody(at: number, body: FunctionBody): void {
    const { calls, layout, options } = this.facts;
    const index = layout.importedFunctions + at;
    const type = layout.module.types[layout.typeIndexOf[index]!]!;
    this.rewriter.rewrite(index, body, type, options.depth ? calls.recursion[index]! : Recursion.None);
  }
}

/** Functions between two calls of `onProgress`. */
const PROGRESS_STRIDE = 256;
const NO_REFERENCES = new Int32Array(0);
