/** What keeps a module from being captured: exceptions as values. Other exceptions only put a capture off, see `exceptions.ts`. */
import { CatchKind, InstructionReader, lebU32At, skipLeb } from '../wasm/instructions.js';
import type { Module } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { importedFunctionCount } from '../wasm/spaces.js';

export interface CaptureObstacle {
  /** Original index of the function. */
  readonly functionIndex: number;
  /** Byte offset of the instruction. */
  readonly offset: number;
  readonly what: string;
}

/** The first handler that makes a reference of what it catches; a valid module without one can be captured. */
export function captureObstacle(module: Module): CaptureObstacle | undefined {
  if (module.tags.length === 0 && module.imports.every(({ desc }) => desc.kind !== 'tag')) return undefined;
  const imported = importedFunctionCount(module);
  for (const [at, { code }] of module.bodies.entries()) {
    const reader = new InstructionReader(module.bytes, code);
    while (reader.next()) {
      if (reader.op !== Op.TryTable || !catchesReferences(reader)) continue;
      return {
        functionIndex: imported + at,
        offset: reader.start,
        what: 'try_table catches an exception as a reference',
      };
    }
  }
  return undefined;
}

function catchesReferences({ bytes, immediates }: InstructionReader): boolean {
  let pos = skipLeb(bytes, immediates);
  let left = lebU32At(bytes, pos);
  for (pos = skipLeb(bytes, pos); left > 0; left--) {
    const kind = bytes[pos++]!;
    if (kind === CatchKind.CatchRef || kind === CatchKind.CatchAllRef) return true;
    pos = skipLeb(bytes, kind < CatchKind.CatchAll ? skipLeb(bytes, pos) : pos);
  }
  return false;
}
