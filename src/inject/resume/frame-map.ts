/**
 * What a place in the code means: which values a site saves there, what the operand stack holds, how many stack units the
 * frame takes. Nothing of that is kept from the pass: a function's walk is repeated when one of its places is asked for.
 */
import { FtWasmError, invariant } from '../../errors.js';
import type { FuncType, FunctionBody, Module, ValType } from '../../wasm/module.js';
import type { CallAnalysis } from '../call-graph.js';
import { CaptureSites, type SavedSite } from '../capture-sites.js';
import { ENTRY_COST } from '../costs.js';
import { FunctionPass, LabelKind } from '../function-pass.js';
import { FunctionRewriter } from '../function-rewriter.js';
import { Layout } from '../layout.js';
import type { InjectOptions } from '../options.js';
import { isGuarded, OVERDRAFT_MAX, Recursion } from '../recursion.js';
import { SaveFunctions } from '../save-functions.js';
import { ENTRY_SITE, SlowEntries } from '../slow-entries.js';
import { step } from '../walk.js';

/** An enclosing label of a place. */
export interface Enclosing {
  readonly kind: LabelKind;
  /** Offset of its instruction; of the function's own label nothing. */
  readonly start: number;
  readonly type: FuncType;
  /** Operands below its parameters. */
  readonly height: number;
}

/** A place between two instructions of a function. */
export interface Place {
  readonly functionIndex: number;
  readonly offset: number;
  readonly locals: readonly ValType[];
  /** Types of all operands. */
  readonly operands: readonly ValType[];
  /** Outermost first; the first is the function's own label. */
  readonly labels: readonly Enclosing[];
}

/** What is known of a function's frames once it has been walked again. */
export interface FunctionFrames {
  readonly functionIndex: number;
  readonly units: number;
  readonly sites: ReadonlyMap<number, SavedSite>;
}

export class FrameMap {
  readonly layout: Layout;
  private readonly sites = new Map<number, ReadonlyMap<number, SavedSite>>();
  private readonly units = new Map<number, number>();
  private readonly places = new Map<number, Place>();

  constructor(
    readonly module: Module,
    readonly options: InjectOptions,
    readonly calls: CallAnalysis,
  ) {
    this.layout = new Layout(module, true);
  }

  /** What a site of the function saves. `id`: what it tells the host. */
  site(functionIndex: number, id: number): SavedSite {
    const site = this.sitesOf(functionIndex).get(id);
    invariant(site !== undefined, `function ${functionIndex} has no site ${id}`);
    return site;
  }

  /** All that is known of a function's frames. */
  framesOf(functionIndex: number): FunctionFrames {
    const sites = this.sitesOf(functionIndex);
    return { functionIndex, units: this.units.get(functionIndex)!, sites };
  }

  /** Takes over what another map of the same module has found out, so that it need not be found out here. */
  learn({ functionIndex, sites, units }: FunctionFrames, place: Place): void {
    this.sites.set(functionIndex, sites);
    this.units.set(functionIndex, units);
    this.places.set(place.offset, place);
  }

  /** The defined function whose code holds `offset`. @throws FTW_SNAPSHOT if there is none */
  functionAt(offset: number): number {
    const { bodies } = this.module;
    let low = 0;
    for (let high = bodies.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (bodies[middle]!.code.end <= offset) low = middle + 1;
      else high = middle;
    }
    const index = this.layout.importedFunctions + low;
    if (low === bodies.length || offset < bodies[low]!.code.start) throw noPlace(index, offset);
    return index;
  }

  /** Whether an exception that a call at the place throws can be caught in the same frame. */
  catches({ labels }: Place): boolean {
    return labels.some(({ kind }) => kind === LabelKind.Try || kind === LabelKind.TryTable);
  }

  /** Stack units that a frame of the function takes; none if it cannot recurse. */
  unitsOf(functionIndex: number): number {
    if (this.recursionOf(functionIndex) === Recursion.None) return 0;
    this.sitesOf(functionIndex);
    return this.units.get(functionIndex)!;
  }

  /** The least that a frame of the function can have left, see `recursion.ts`. */
  unitsLeftMin(functionIndex: number): number {
    return isGuarded(this.recursionOf(functionIndex), this.unitsOf(functionIndex)) ? 0 : -OVERDRAFT_MAX;
  }

  private recursionOf(functionIndex: number): number {
    return this.options.depth ? this.calls.recursion[functionIndex]! : Recursion.None;
  }

  typeOf(functionIndex: number): FuncType {
    return this.module.types[this.layout.typeIndexOf[functionIndex]!]!;
  }

  body(functionIndex: number): FunctionBody {
    return this.module.bodies[functionIndex - this.layout.importedFunctions]!;
  }

  /** @throws FTW_SNAPSHOT if no instruction that can be reached starts there */
  place(functionIndex: number, offset: number): Place {
    let place = this.places.get(offset);
    if (place === undefined) {
      if (this.functionAt(offset) !== functionIndex) throw noPlace(functionIndex, offset);
      place = this.findPlace(functionIndex, offset);
      this.places.set(offset, place);
    }
    if (place.functionIndex !== functionIndex) throw noPlace(functionIndex, offset);
    return place;
  }

  private findPlace(functionIndex: number, offset: number): Place {
    const type = this.typeOf(functionIndex);
    const pass = new FunctionPass(this.layout, { depth: false, preemption: false, canonicalNans: false });
    pass.load(functionIndex, this.body(functionIndex), type);
    // The first walk takes for dead what only exceptions get to.
    do {
      pass.begin(this.body(functionIndex), type);
      pass.pending = ENTRY_COST;
      while (pass.pos < offset) step(pass);
    } while (pass.mustWalkAgain);
    if (pass.pos !== offset || !pass.live) throw noPlace(functionIndex, offset);
    if (pass.holdsException) throw noPlace(functionIndex, offset);
    const labels = pass.labels.slice(0, pass.depth).map(({ kind, start, type: block, height }) => ({
      ...{ kind, start, height },
      type: block,
    }));
    return {
      ...{ functionIndex, offset, labels },
      locals: [...pass.locals.types.subarray(0, pass.locals.count)] as ValType[],
      operands: [...pass.types.subarray(0, pass.height)] as ValType[],
    };
  }

  private sitesOf(functionIndex: number): ReadonlyMap<number, SavedSite> {
    let sites = this.sites.get(functionIndex);
    if (sites === undefined) {
      sites = this.walkAgain(functionIndex);
      this.sites.set(functionIndex, sites);
    }
    return sites;
  }

  private walkAgain(functionIndex: number): Map<number, SavedSite> {
    const { calls, layout, module, options } = this;
    const sites = new Map<number, SavedSite>();
    const pass = new FunctionPass(layout, options);
    const { params } = this.typeOf(functionIndex);
    const { start: offset } = this.body(functionIndex).code;
    sites.set(ENTRY_SITE, { offset, values: params.map((_, param) => param), types: params, operands: [] });
    pass.captures = new CaptureSites(module.bytes, calls, new SaveFunctions(() => 0));
    pass.captures.onSite = (id, site) => void sites.set(id, site);
    const rewriter = new FunctionRewriter(pass, new SlowEntries(() => 0));
    rewriter.rewrite(
      functionIndex,
      this.body(functionIndex),
      this.typeOf(functionIndex),
      this.recursionOf(functionIndex),
    );
    this.units.set(functionIndex, rewriter.units);
    return sites;
  }
}

function noPlace(functionIndex: number, offset: number): FtWasmError {
  const message = `a frame cannot stand at offset 0x${offset.toString(16)} of function ${functionIndex}: the snapshot is of another module`;
  return new FtWasmError('FTW_SNAPSHOT', message, { functionIndex, offset });
}
