/**
 * Frames of one instance: saved values become frames of the canonical form, and frames run on through functions that are
 * made for their places, once per place.
 */
import { FtWasmError } from '../../errors.js';
import {
  ENGINE_MODULE,
  type FrameMap,
  INSTANCE_MODULE,
  PICKED_MODULE,
  type Place,
  type ResumeModule,
} from '../../inject/index.js';
import type { ValType } from '../../wasm/module.js';
import { ValType as Types } from '../../wasm/module.js';
import type { Frame, TypedBits } from '../state.js';
import { putBy, takenBy, zeroBits } from './bits.js';
import type { CodeSource, Exchange, SavedFrame } from './exchange.js';
import type { InstanceReferences, Pick } from './references.js';
import { type WasmExports, type WasmModule, WebAssembly } from './webassembly.js';

/** A compiled resume function, shared by all instances of a module. Its bytes are those without marks. */
export interface ResumeCode extends ResumeModule {
  readonly compiled: WasmModule;
}

export interface ResumeParts {
  readonly frames: FrameMap;
  readonly codeFor: (place: Place, raise: boolean) => ResumeCode;
  /** The instance's exports for other modules: everything but functions, names without the prefix. */
  readonly exported: Readonly<Record<string, unknown>>;
  readonly pick: Pick;
  readonly references: InstanceReferences;
  readonly exchange: Exchange;
  /** The whole budget of the call stack. */
  readonly stackUnitsMax: number;
  /** The guest is about to run on, or (`true`) has to wait for that. */
  readonly onStanding: (stands: boolean) => void;
  /** Sees the exports of each resume function's instance before it runs. */
  readonly onInstance: (exports: WasmExports) => void;
}

/** What a function returns: its results, and the counter as the global has it. */
export interface Returned {
  readonly results: readonly TypedBits[];
  readonly counter: bigint;
}

/** The depth on entry of a frame, and what it leaves to those it calls. */
export interface FrameDepth {
  readonly entry: number;
  readonly left: number;
}

export class Resumer {
  /** Resume functions by place, times two, plus one for those that raise an exception. */
  private readonly functions = new Map<number, () => void>();

  constructor(private readonly parts: ResumeParts) {}

  /** The frames that were saved, in canonical form, outermost first. */
  frames(): Frame[] {
    return this.parts.exchange
      .collectFrames()
      .map((saved) => this.decode(saved))
      .reverse();
  }

  private decode({ source, functionIndex, id, values }: SavedFrame): Frame {
    const { frames, references } = this.parts;
    const site = source.site(functionIndex, id);
    const { offset } = site;
    const locals: TypedBits[] = frames
      .place(functionIndex, offset)
      .locals.map((type) => ({ type, bits: zeroBits(type) }));
    const operands: TypedBits[] = [];
    for (const [at, value] of putBy(site.types, values, references).entries()) {
      const where = site.values[at]!;
      // A resume function has more locals than the function that it continues, for the operands of the place.
      if (where >= locals.length) continue;
      if (where >= 0) locals[where] = value;
      else operands[-1 - where] = value;
    }
    return { functionIndex, offset, locals, operands };
  }

  /** Makes what {@link run} needs for `frame`. */
  prepare({ functionIndex, offset }: Frame): void {
    this.functionFor(this.parts.frames.place(functionIndex, offset), false);
  }

  /** Runs `frame` on with the results of its call. @throws what it does not catch */
  run(frame: Frame, { counter, results }: Returned, depth: FrameDepth): Returned {
    const place = this.parts.frames.place(frame.functionIndex, frame.offset);
    return this.enter(place, { ...frame, operands: [...frame.operands, ...results] }, counter, depth, false);
  }

  /** The same when the frame's call has thrown. */
  raise(frame: Frame, exception: unknown, depth: FrameDepth): Returned {
    const { exchange, frames } = this.parts;
    const place = frames.place(frame.functionIndex, frame.offset);
    if (!frames.catches(place)) throw exception;
    const missing = place.operands.slice(frame.operands.length);
    const operands = [...frame.operands, ...missing.map((type) => ({ type, bits: zeroBits(type) }))];
    exchange.offerException(exception);
    return this.enter(place, { ...frame, operands }, 0n, depth, true);
  }

  private enter(place: Place, frame: Frame, counter: bigint, depth: FrameDepth, raise: boolean): Returned {
    const { exchange, frames, onStanding, references } = this.parts;
    const { functionIndex, locals, operands } = frame;
    onStanding(true);
    checkTypes(place, 'locals', place.locals, locals);
    checkTypes(place, 'operands', place.operands, operands);
    const resume = this.functionFor(place, raise);
    exchange.offer([counter, depth.left, depth.entry, ...takenBy([...locals, ...operands], references)]);
    onStanding(false);
    resume();
    const put = exchange.collect();
    const returned = putBy(frames.typeOf(functionIndex).results, put.slice(0, -1), references);
    return { results: returned, counter: put.at(-1) as bigint };
  }

  /** Of each frame, outermost first. @throws FTW_SNAPSHOT if they take more than the budget */
  depthsOf(frames: readonly Frame[]): FrameDepth[] {
    const { stackUnitsMax, frames: map } = this.parts;
    let left = stackUnitsMax;
    let fits = true;
    const depths = frames.map(({ functionIndex }) => {
      const entry = map.layout.depthOf(left);
      left -= map.unitsOf(functionIndex);
      fits &&= left >= map.unitsLeftMin(functionIndex);
      return { entry, left: map.layout.depthOf(left) };
    });
    if (fits) return depths;
    const message = `the frames take ${stackUnitsMax - left} stack units, the limit is ${stackUnitsMax}`;
    throw new FtWasmError('FTW_SNAPSHOT', message, { limit: stackUnitsMax });
  }

  private functionFor(place: Place, raise: boolean): () => void {
    const key = place.offset * 2 + Number(raise);
    let resume = this.functions.get(key);
    if (resume === undefined) {
      resume = this.instantiate(place, raise);
      this.functions.set(key, resume);
    }
    return resume;
  }

  private instantiate(place: Place, raise: boolean): () => void {
    const { codeFor, exchange, exported, frames, onInstance, pick } = this.parts;
    const { compiled, picked, sites } = codeFor(place, raise);
    const { leavesByThrowing } = frames.layout;
    const source: CodeSource = { leavesByThrowing, site: (_, id) => sites.get(id)! };
    const { exports } = new WebAssembly.Instance(compiled, {
      [ENGINE_MODULE]: exchange.imports(source),
      [INSTANCE_MODULE]: exported,
      [PICKED_MODULE]: Object.fromEntries(picked.map((each, at) => [String(at), pick(each.pick)])),
    });
    onInstance(exports);
    return exports['resume'] as () => void;
  }
}

function checkTypes(place: Place, what: string, expected: readonly ValType[], found: readonly TypedBits[]): void {
  if (expected.length === found.length && expected.every((type, at) => type === found[at]!.type)) return;
  const { functionIndex, offset } = place;
  const message = `the ${what} of the frame at offset 0x${offset.toString(16)} are ${names(found.map(({ type }) => type))}, not ${names(expected)}: the snapshot is of another module`;
  throw new FtWasmError('FTW_SNAPSHOT', message, { functionIndex, offset });
}

function names(types: readonly ValType[]): string {
  const nameOf = (type: ValType) => Object.entries(Types).find(([, each]) => each === type)?.[0] ?? String(type);
  return `[${types.map(nameOf).join(' ')}]`;
}
