/** What the tests of this folder share: an independent assembler, V8 as the referee, modules from bytes. */
import wabtInit from 'wabt';
import { ByteWriter } from '../../../src/bytes/writer.js';
import { DecodeError } from '../../../src/errors.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import type { Module } from '../../../src/wasm/module.js';
import { validateModule } from '../../../src/wasm/validate/index.js';

const wabt = await wabtInit();

/** Every proposal that the assembler knows; which of them are refused is our business. */
const FEATURES = {
  exceptions: true,
  tail_call: true,
  threads: true,
  simd: true,
  multi_value: true,
  bulk_memory: true,
  reference_types: true,
  sign_extension: true,
  sat_float_to_int: true,
  mutable_globals: true,
  extended_const: true,
  relaxed_simd: true,
  multi_memory: true,
  memory64: true,
};

/** Assembles a module in text form, without validating it; with a name section if `names`. */
export function assemble(text: string, names = false): Uint8Array {
  const parsed = wabt.parseWat('test.wat', text, FEATURES);
  try {
    return parsed.toBinary({ write_debug_names: names }).buffer;
  } finally {
    parsed.destroy();
  }
}

export function decodeText(text: string, names = false): Module {
  return decodeModule(assemble(text, names));
}

/** The DecodeError that decoding and validating `bytes` ends in; undefined if the module is good. */
export function refusalOf(bytes: Uint8Array): DecodeError | undefined {
  try {
    validateModule(decodeModule(bytes));
    return undefined;
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

/** What V8 says; the types of Node leave WebAssembly out. */
export const { validate: validatedByV8 } = (
  globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } }
).WebAssembly;

export const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00] as const;

/** A module from its sections, each given as id and content; sizes are filled in. */
export function fromSections(...sections: readonly (readonly [id: number, content: ArrayLike<number>])[]): Uint8Array {
  const out = new ByteWriter();
  out.copy(Uint8Array.from(HEADER));
  for (const [id, content] of sections) {
    out.u8(id);
    out.u32(content.length);
    out.copy(Uint8Array.from(content));
  }
  return out.finish();
}

/** A module of one function `[] -> []` with this body, locals and final `end` included. */
export function withBody(body: ArrayLike<number>): Uint8Array {
  const entry = new ByteWriter();
  entry.u8(1);
  entry.u32(body.length);
  entry.copy(Uint8Array.from(body));
  return fromSections([1, [1, 0x60, 0, 0]], [3, [1, 0]], [10, entry.bytes]);
}
