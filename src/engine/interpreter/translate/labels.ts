/** Enclosing blocks at translation time. */
import type { FuncType } from '../../../wasm/module.js';
import { noSites, type WaitingSites } from './meter.js';

export const LabelKind = { Function: 0, Block: 1, Loop: 2, If: 3, Else: 4 } as const;
export type LabelKind = (typeof LabelKind)[keyof typeof LabelKind];

export interface Label {
  kind: LabelKind;
  readonly type: FuncType;
  /** Operands below the block's parameters, and the place of the first one above them. */
  readonly height: number;
  readonly place: number;
  /** Loop: position of its first instruction, and of the cost field of the `charge` in front of it. */
  header: number;
  headerCost: number;
  /** Forward branches: positions of fields that get the distance, and the instructions that it counts from. */
  readonly fixups: number[];
  readonly waiting: WaitingSites;
  /** If: the same for the edge to the else arm, -1 once it is bound. */
  elseFixup: number;
  readonly elseWaiting: WaitingSites;
}

export function newLabel(kind: LabelKind, type: FuncType, height: number, place: number): Label {
  return {
    kind,
    type,
    height,
    place,
    header: -1,
    headerCost: -1,
    fixups: [],
    waiting: noSites(),
    elseFixup: -1,
    elseWaiting: noSites(),
  };
}

/** The types that a branch to the label carries. */
export function branchTypes(label: Label): readonly number[] {
  return label.kind === LabelKind.Loop ? label.type.params : label.type.results;
}
