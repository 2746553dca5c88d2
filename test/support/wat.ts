/** WebAssembly text to binary, by the npm `wabt`; names are kept, as toolchains do. */
import wabt from 'wabt';

const FEATURES = {
  multi_value: true,
  bulk_memory: true,
  reference_types: true,
  simd: true,
  tail_call: true,
  exceptions: true,
  sat_float_to_int: true,
  mutable_globals: true,
  sign_extension: true,
  extended_const: true,
};

/** Assembles and validates `text`; `name` is for the assembler's messages. */
export async function assemble(name: string, text: string): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const module = parseWat(name, text, FEATURES);
  try {
    module.resolveNames();
    module.validate();
    return module.toBinary({ write_debug_names: true }).buffer;
  } finally {
    module.destroy();
  }
}
