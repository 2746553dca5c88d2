/** The places of one function where its frame can be saved, and the exits that save it. See `capture.ts`. */
import type { ByteWriter } from '../bytes/writer.js';
import type { FunctionBody, ValType as ValTypeOf } from '../wasm/module.js';
import type { CallAnalysis } from './call-graph.js';
import { COMPLETE, Exits } from './exits.js';
import { Liveness } from './liveness.js';
import type { SaveFunctions } from './save-functions.js';

/** Values that an exit saves, in the order in which it does. */
export interface SavedValues {
  /** A local's index, or -1 - n for the n-th operand. */
  readonly values: readonly number[];
  readonly types: readonly ValTypeOf[];
}

/** What a site saves. */
export interface SavedSite extends SavedValues {
  /** Original offset of the instruction that is executed next. */
  readonly offset: number;
  /** Types of all operands, without the results of the call under way. */
  readonly operands: readonly ValTypeOf[];
}

export class CaptureSites {
  readonly liveness: Liveness;
  readonly exits = new Exits();
  /** Called for every site, while somebody wants to know; `id` is what the site tells the host. */
  onSite: ((id: number, site: SavedSite) => void) | undefined;
  /** What the function's frames tell the host besides the site. */
  functionIndex = 0;
  /** Bytes that a branch to an exit takes. */
  private labelBytes = 0;
  /** Three numbers per site: its source offset, where its branch is in the code, how many blocks are open there. */
  private places = new Int32Array(256);
  /** Types of the operands below the results, by site. */
  private readonly operands: (readonly ValTypeOf[])[] = [];
  /** For {@link localsOf}. */
  private locals = new Int32Array(256);

  constructor(
    bytes: Uint8Array,
    private readonly calls: CallAnalysis,
    readonly saves: SaveFunctions,
    /** Original offset of a place in `bytes`. */
    readonly originalOffset: (pos: number) => number = (pos) => pos,
  ) {
    this.liveness = new Liveness(bytes);
  }

  /** Another function. */
  load(functionIndex: number): void {
    this.functionIndex = functionIndex;
    this.labelBytes = 0;
  }

  /** Begins a walk over the body. */
  begin({ code }: FunctionBody, locals: number): void {
    this.liveness.begin(locals, code.start, code.end);
    // A guess that is nearly always right; if not, the walk is repeated.
    this.labelBytes ||= code.end - code.start < SHORT_CODE ? 1 : 2;
    this.operands.length = 0;
    if (locals > this.locals.length) this.locals = new Int32Array(locals * 2);
  }

  get count(): number {
    return this.liveness.sites;
  }

  /** Whether the function (original index) can have sites itself, or calls of it are sites. */
  mayLeave(functionIndex: number): boolean {
    return this.calls.mayLeave[functionIndex] === 1;
  }

  typeMayLeave(type: number): boolean {
    return this.calls.typeMayLeave[type] === 1;
  }

  /** Notes a site, whose branch to an exit is about to be written by {@link writeLabel}; answers its number. */
  add(pos: number, operands: readonly ValTypeOf[]): number {
    const site = this.liveness.site();
    this.operands.push(operands);
    const at = site * 3;
    if (at + 3 > this.places.length) this.places = enlarged(this.places);
    this.places[at] = pos;
    return site;
  }

  /** Leaves room for the label of the last site's branch, with `open` blocks around it. */
  writeLabel(code: ByteWriter, open: number): void {
    const at = (this.count - 1) * 3;
    this.places[at + 1] = code.length;
    this.places[at + 2] = open;
    for (let left = this.labelBytes; left > 0; left--) code.u8(0);
  }

  /** The locals that an exit saves itself, ascending: the first `count` of an array that is used again. */
  localsOf(exit: number): { readonly locals: Int32Array; readonly count: number } {
    return { locals: this.locals, count: this.exits.localsOf(exit, this.locals) };
  }

  /** Chooses the exits. Answers whether the walk must be repeated, because labels take more bytes than were left. */
  solve(): boolean {
    const { exits, liveness, operands, places } = this;
    liveness.solve();
    exits.begin(liveness.words);
    let farthest = 0;
    for (let site = 0; site < this.count; site++) {
      exits.assign(site, liveness.live, operands[site]!);
      farthest = Math.max(farthest, places[site * 3 + 2]!);
    }
    exits.finish();
    const fits = farthest + exits.count < 0x80 ** this.labelBytes;
    if (!fits) this.labelBytes = this.labelBytes === 1 ? 2 : LONG_LABEL;
    return !fits;
  }

  /** Writes the labels; `inner` is how many blocks lie between the exits and the function's own label. */
  patchLabels(code: ByteWriter, inner: number): void {
    const { exits, places } = this;
    const { bytes } = code;
    for (let site = 0; site < this.count; site++) {
      let at = places[site * 3 + 1]!;
      const last = at + this.labelBytes - 1;
      let label = places[site * 3 + 2]! - 1 + inner + exits.of(site);
      for (; at < last; label >>>= 7) bytes[at++] = (label & 0x7f) | 0x80;
      bytes[last] = label;
    }
  }

  /** Tells who wants to know what the sites save; `saved`: what each exit saves itself. */
  report(saved: readonly SavedValues[]): void {
    if (this.onSite === undefined) return;
    for (let site = 0; site < this.count; site++) {
      const values: number[] = [];
      const types: ValTypeOf[] = [];
      for (let exit = this.exits.of(site); exit !== COMPLETE; exit = this.exits.nextOf(exit)) {
        values.push(...saved[exit]!.values);
        types.push(...saved[exit]!.types);
      }
      const offset = this.originalOffset(this.places[site * 3]!);
      this.onSite(site, { offset, values, types, operands: this.operands[site]! });
    }
  }
}

/** Bytes of code that hardly ever have more than 127 blocks and exits. */
const SHORT_CODE = 3000;
/** Enough for any function that an engine takes. */
const LONG_LABEL = 4;

function enlarged(from: Int32Array): Int32Array<ArrayBuffer> {
  const into = new Int32Array(from.length * 2);
  into.set(from);
  return into;
}
