/** Where the guest's functions lie in rewritten code: they come first in it, in their order. */
import { ByteReader } from '../../bytes/reader.js';
import type { Module } from '../../wasm/module.js';
import { Section } from '../../wasm/sections.js';
import { importedFunctionCount } from '../../wasm/spaces.js';

export interface RewrittenBody {
  /** Position among the module's own functions, and index among all. */
  readonly at: number;
  readonly functionIndex: number;
  /** Of the body in `rewritten`: its first byte, behind its length, and that length. */
  readonly start: number;
  readonly size: number;
}

export function* rewrittenBodies(module: Module, rewritten: Uint8Array): Generator<RewrittenBody> {
  const reader = new ByteReader(rewritten, 8);
  while (reader.u8() !== Section.Code) reader.skip(reader.u32(), 'a section');
  reader.u32();
  reader.u32();
  const imported = importedFunctionCount(module);
  for (let at = 0; at < module.bodies.length; at++) {
    const size = reader.u32();
    yield { at, functionIndex: imported + at, start: reader.pos, size };
    reader.skip(size, 'a body');
  }
}
