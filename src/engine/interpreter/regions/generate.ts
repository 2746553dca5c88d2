/** From hot places to modules: the function or loop that is wanted, and the functions that it calls. */
import { Entry } from '../generated/abi.js';
import { Ir } from '../generated/ir.js';
import { Analysis } from './analysis.js';
import { Dirty } from './dirty.js';
import { ControlEmitter } from './emit-control.js';
import { type CalleeIndex, Emitter } from './emitter.js';
import { makeRegion, type Region, reachable } from './graph.js';
import type { RegionHost } from './host.js';
import type { Block } from './ir-code.js';
import { type GeneratedFunction, regionModule } from './region-module.js';

/** Functions and bytes of IR in one module. */
const FUNCTIONS_MAX = 64;
const BYTES_MAX = 128 << 10;

/** One function of a module. */
export interface Part {
  readonly analysis: Analysis;
  readonly region: Region;
}

export interface Generated {
  readonly bytes: Uint8Array;
  /** In the order of the module's exports: first the one that was asked for. */
  readonly parts: readonly Part[];
}

/** The loop that begins at code position `header`, or the whole function. @returns undefined where that is not possible */
export function generate(machine: RegionHost, ref: number, header: number | undefined): Generated | undefined {
  const analysis = new Analysis(machine, ref);
  const region = header === undefined ? wholeFunction(analysis) : loopAt(analysis, header);
  if (region === undefined) return undefined;
  const parts = withCallees(machine, { analysis, region });
  const indices = new Map(
    parts.map(({ region: { code, isFunction } }, index) => [isFunction ? code.entry : -1, index]),
  );
  const functions = parts.map((part) => emit(machine, part, (entry) => indices.get(entry)));
  return { bytes: regionModule(functions), parts };
}

function wholeFunction(analysis: Analysis): Region | undefined {
  const { code } = analysis;
  if (!analysis.canBeCalled || !analysis.isSmall) return undefined;
  return makeRegion(code, code.blocks[0]!, reachable(code), true);
}

function loopAt({ code, isSmall, loops }: Analysis, header: number): Region | undefined {
  const entry = code.blockAt(header);
  const blocks = entry && loops.get(entry);
  if (blocks === undefined || !isSmall || code.hasFarLocals) return undefined;
  return makeRegion(code, entry as Block, blocks, false);
}

/** Adds the functions that are called, directly or not, and have no region yet. */
function withCallees(machine: RegionHost, root: Part): Part[] {
  const parts = [root];
  const seen = new Set(root.region.isFunction ? [root.region.code.entry] : []);
  let bytes = root.analysis.code.size;
  for (const { region } of parts) {
    for (const entry of calledBy(region)) {
      if (parts.length >= FUNCTIONS_MAX || bytes > BYTES_MAX) return parts;
      if (seen.has(entry) || machine.memory.u32[(entry + Entry.REGION) >> 2] !== 0) continue;
      seen.add(entry);
      const analysis = new Analysis(machine, machine.code.find(entry)!.ref);
      const callee = wholeFunction(analysis);
      if (callee === undefined) continue;
      bytes += analysis.code.size;
      parts.push({ analysis, region: callee });
    }
  }
  return parts;
}

function calledBy({ blocks, code }: Region): number[] {
  const entries: number[] = [];
  for (const { ops } of blocks) {
    for (const at of ops) if (code.op(at) === Ir.call) entries.push(code.word(at, 'target') >>> 0);
  }
  return entries;
}

function emit(machine: RegionHost, { analysis, region }: Part, calleeIndex: CalleeIndex): GeneratedFunction {
  const { calls, liveness } = analysis;
  const emitter = new Emitter(region, { machine, calls, liveness, calleeIndex });
  const dirty = new Dirty(region, region.isFunction ? emitter.ownLocals() : []);
  const control = new ControlEmitter(emitter, dirty);
  const code = emitter.finish(() => control.emitTree(region.entry));
  return { locals: emitter.body.locals, code };
}
