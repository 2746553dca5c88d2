/** The binary form of a random module: one memory, one table with every function, everything exported. */
import { ByteWriter } from '../../src/bytes/writer.js';
import { type FuncType, ValType } from '../../src/wasm/module.js';
import { opcodeByName } from '../../src/wasm/opcode-lookup.js';

/** Function `index` has type `index`; function 0 is exported as `run`. */
export interface ModuleParts {
  readonly types: readonly FuncType[];
  /** Locals and code. */
  readonly bodies: readonly Uint8Array[];
  readonly globals: readonly ValType[];
}

/** Constant operators and the bytes of zero. */
export const CONSTANTS = new Map<number, readonly [string, number]>([
  [ValType.I32, ['i32.const', 1]],
  [ValType.I64, ['i64.const', 1]],
  [ValType.F32, ['f32.const', 4]],
  [ValType.F64, ['f64.const', 8]],
  [ValType.V128, ['v128.const', 16]],
]);

export function encodeParts({ types, bodies, globals }: ModuleParts): Uint8Array {
  const out = new ByteWriter(1 << 14);
  out.copy(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const section = (id: number, content: (w: ByteWriter) => void) => {
    const writer = new ByteWriter(1 << 12);
    content(writer);
    const bytes = writer.finish();
    out.u8(id);
    out.u32(bytes.length);
    out.copy(bytes);
  };
  const vector = <T>(w: ByteWriter, list: readonly T[], each: (item: T, index: number) => void) => {
    w.u32(list.length);
    for (const [index, item] of list.entries()) each(item, index);
  };
  section(1, (w) =>
    vector(w, types, ({ params, results }) => {
      w.u8(0x60);
      vector(w, params, (type) => w.u8(type));
      vector(w, results, (type) => w.u8(type));
    }),
  );
  section(3, (w) => vector(w, types, (_, index) => w.u32(index)));
  section(4, (w) => w.copy(Uint8Array.of(1, 0x70, 0, types.length)));
  section(5, (w) => w.copy(Uint8Array.of(1, 0, 1)));
  section(6, (w) => vector(w, globals, (type) => writeGlobal(w, type)));
  section(7, (w) => writeExports(w, globals));
  section(9, (w) => {
    w.copy(Uint8Array.of(1, 0, 0x41, 0, 0x0b));
    vector(w, types, (_, index) => w.u32(index));
  });
  section(10, (w) =>
    vector(w, bodies, (code) => {
      w.u32(code.length);
      w.copy(code);
    }),
  );
  return out.finish();
}

function writeGlobal(w: ByteWriter, type: ValType): void {
  w.u8(type);
  w.u8(1);
  const [name, size] = CONSTANTS.get(type)!;
  const row = opcodeByName(name)!;
  if (row.prefix !== 0) w.u8(row.prefix);
  w.u8(row.sub);
  w.copy(new Uint8Array(size));
  w.u8(0x0b);
}

function writeExports(w: ByteWriter, globals: readonly ValType[]): void {
  const name = (text: string) => {
    w.u32(text.length);
    w.copy(new TextEncoder().encode(text));
  };
  w.u32(2 + globals.length);
  name('run');
  w.copy(Uint8Array.of(0, 0));
  name('memory');
  w.copy(Uint8Array.of(2, 0));
  for (const index of globals.keys()) {
    name(`g${index}`);
    w.copy(Uint8Array.of(3, index));
  }
}
