/**
 * From code addresses back to WebAssembly. Nothing is kept for this while the guest runs: translation is a function of
 * the module alone, so translating once more with an observer tells all.
 */

import { invariant } from '../../errors.js';
import { COST_OF } from '../../inject/costs.js';
import { opcodeAt } from '../../wasm/instructions.js';
import type { CodeRange } from './code-map.js';
import { Entry } from './generated/abi.js';
import type { Machine } from './machine.js';
import { Translator } from './translate/translate.js';

/** Its own translator: the machine's may be in use. */
const translator = new Translator();

export interface CodePosition {
  /** Module offset of the instruction. */
  readonly offset: number;
  /** Instructions behind it that have been charged already. */
  readonly charged: number;
}

/** Module offset and code position of every instruction of a function that can be reached, in order. */
export function instructionPositions(
  machine: Machine,
  ref: number,
  stepping: boolean,
): { offsets: number[]; positions: number[] } {
  const offsets: number[] = [];
  const positions: number[] = [];
  const definition = machine.functions.definition(ref);
  if (definition.kind === 'guest') {
    const observer = (offset: number, position: number) => {
      offsets.push(offset);
      positions.push(position);
    };
    translator.translate(definition.env, definition.index, { stepping, observer, fuse: false });
  }
  return { offsets, positions };
}

/** The instruction that the code at `address` belongs to. */
export function positionOf(machine: Machine, range: CodeRange, address: number): CodePosition {
  const at = address - range.entry - Entry.SIZE;
  const { offsets, positions } = instructionPositions(machine, range.ref, range.stepping);
  let index = positions.length - 1;
  while (index > 0 && positions[index]! > at) index--;
  const offset = offsets[index]!;
  return { offset, charged: range.stepping ? 0 : chargedAfter(machine, range.ref, offset) };
}

/** What the edge that led to the instruction at `offset` pays for the instructions behind it. */
function chargedAfter(machine: Machine, ref: number, wanted: number): number {
  const definition = machine.functions.definition(ref);
  if (definition.kind === 'host') return 0;
  const observer = (offset: number) => {
    if (offset === wanted) translator.state.meter.probe();
  };
  translator.translate(definition.env, definition.index, { observer, fuse: false });
  const own = COST_OF[opcodeAt(definition.env.module.bytes, wanted)]!;
  return translator.state.meter.probed - own;
}

/**
 * The place in stepping form that means the same as `address`, where an edge leads in the fast form: all operands are in
 * their places there, in both forms alike.
 */
export function steppingAddress(machine: Machine, range: CodeRange, address: number): number {
  const at = address - range.entry - Entry.SIZE;
  const start = machine.steppingEntryOf(range.ref) + Entry.SIZE;
  if (at === 0) return start;
  const definition = machine.functions.definition(range.ref);
  if (definition.kind === 'host') throw new Error('a host function has no code');
  const { env, index } = definition;
  translator.translate(env, index, { fuse: false });
  const split = translator.state.splits.get(at);
  const edge = translator.state.edges.lastIndexOf(at);
  const { offsets, positions } = instructionPositions(machine, range.ref, true);
  if (split !== undefined) return start + positions[offsets.indexOf(split)]!;
  invariant(edge >= 0, `no edge leads to code position ${at}`);
  return start + translator.state.edges[edge]!;
}
