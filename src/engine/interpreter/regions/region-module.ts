/** Modules of generated functions, and the one through which the loop enters them. */
import { ByteWriter } from '../../../bytes/writer.js';
import { ValType } from '../../../wasm/module.js';
import { State } from '../generated/abi.js';
import { Body } from './body.js';

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const MEMORY_PAGES_MAX = 0x1_0000;
const { I32, I64 } = ValType;

/** (fp, fuel, room) to (status, fuel): see assembly/exec/region.ts for the status; `room` is for native frames. */
export const REGION_TYPE = 0;
const ENTER_TYPE = 1;
/** What a run of regions may use of the engine's own stack, in bytes: less than half of the smallest one (984 KiB). */
const ROOM = 400_000;

export interface GeneratedFunction {
  /** Types of the local variables behind the parameters. */
  readonly locals: readonly number[];
  readonly code: Uint8Array;
}

/** A module that exports its functions as "0", "1", ... */
export function regionModule(functions: readonly GeneratedFunction[]): Uint8Array {
  return moduleOf(functions, REGION_TYPE);
}

/** Exports "0": (index, fp) to status, with the fuel in the state block. */
export function gatewayModule(): Uint8Array {
  const body = new Body();
  // Behind the two parameters; Body counts three.
  const fuel = 2;
  body.i32(0).get(1).i32(0).memory('i64.load', State.FUEL).i32(ROOM).get(0);
  body.op('call_indirect').code.u32(REGION_TYPE);
  body.code.u8(0);
  body.set(fuel).set(0).get(fuel).memory('i64.store', State.FUEL).get(0).op('end');
  return moduleOf([{ locals: [I64], code: body.code.bytes.slice() }], ENTER_TYPE);
}

function moduleOf(functions: readonly GeneratedFunction[], type: number): Uint8Array {
  const out = new ByteWriter(1 << 14);
  for (const byte of MAGIC) out.u8(byte);
  section(out, 1, () => {
    out.u32(2);
    functionType(out, [I32, I64, I32], [I32, I64]);
    functionType(out, [I32, I32], [I32]);
  });
  section(out, 2, () => imports(out));
  section(out, 3, () => {
    out.u32(functions.length);
    for (const _ of functions) out.u32(type);
  });
  section(out, 7, () => {
    out.u32(functions.length);
    for (const index of functions.keys()) {
      out.name(String(index));
      out.u8(0);
      out.u32(index);
    }
  });
  section(out, 10, () => {
    out.u32(functions.length);
    for (const each of functions) functionCode(out, each);
  });
  return out.finish();
}

function section(out: ByteWriter, id: number, write: () => void): void {
  out.u8(id);
  const mark = out.openSized();
  write();
  out.closeSized(mark);
}

function functionType(out: ByteWriter, params: readonly number[], results: readonly number[]): void {
  out.u8(0x60);
  for (const types of [params, results]) {
    out.u32(types.length);
    for (const type of types) out.u8(type);
  }
}

function imports(out: ByteWriter): void {
  out.u32(2);
  out.name('env');
  out.name('memory');
  out.u8(2);
  out.u8(1);
  out.u32(1);
  out.u32(MEMORY_PAGES_MAX);
  out.name('env');
  out.name('table');
  out.u8(1);
  out.u8(0x70);
  out.u8(0);
  out.u32(1);
}

function functionCode(out: ByteWriter, { code, locals }: GeneratedFunction): void {
  const mark = out.openSized();
  out.u32(locals.length);
  for (const type of locals) {
    out.u32(1);
    out.u8(type);
  }
  out.copy(code);
  out.closeSized(mark);
}
