/** The module that notes pages for marked code, in a memory of its own: code that runs in one instance has one memory. */
import { ByteWriter } from '../bytes/writer.js';
import { encodeModule } from '../wasm/encode/index.js';
import { type Module, ValType } from '../wasm/module.js';
import { Op } from '../wasm/opcode.js';
import { MARK_TYPE } from './marks.js';
import { EMPTY_BLOCK } from './type-table.js';

const I32_EQZ = 0x45;
const I32_NE = 0x47;
const I32_SHL = 0x74;
const I32_STORE8 = 0x3a;
const I32_SHR_U = 0x76;
const I32_WRAP_I64 = 0xa7;
const I64_EXTEND_I32_U = 0xad;
const I64_GT_U = 0x56;
const I64_SHR_U = 0x88;

/** Pages of 64 KiB that can be addressed. */
const PAGES = 65536;

/** Exports `pages`, a memory with one byte per page, and `mark`, see `marks.ts`. */
export function markModule(): Uint8Array {
  const code = markFunction();
  const module: Module = {
    ...{ bytes: code, types: [MARK_TYPE], imports: [], functions: Uint32Array.of(0), tables: [] },
    ...{ memories: [{ min: 1, max: 1 }], tags: [], globals: [], elements: [], data: [], customs: [] },
    bodies: [{ body: { start: 0, end: code.length }, code: { start: 0, end: code.length } }],
    exports: [
      { name: 'pages', kind: 'memory', index: 0 },
      { name: 'mark', kind: 'func', index: 0 },
    ],
  };
  return encodeModule(module);
}

/**
 * Notes the pages of [start, start + bytes), that of `start` at least, none behind the last that there is; answers where
 * the last of them starts.
 */
function markFunction(): Uint8Array {
  const [start, bytes, page, last, end] = [0, 1, 2, 3, 4];
  const out = new ByteWriter(128);
  const put = (...codes: number[]) => {
    for (const code of codes) out.u8(code);
  };
  const constant = (op: number, value: number) => {
    out.u8(op);
    out.s32(value);
  };
  put(2, 2, ValType.I32, 1, ValType.I64);
  put(Op.LocalGet, start);
  constant(Op.I32Const, 16);
  put(I32_SHR_U, Op.LocalSet, page);
  // end = (start + max(bytes, 1) - 1) >> 16
  put(Op.LocalGet, start, I64_EXTEND_I32_U, Op.LocalGet, bytes, I64_EXTEND_I32_U, Op.I64Add);
  put(Op.LocalGet, bytes, I32_EQZ, I32_EQZ, I64_EXTEND_I32_U, Op.I64Sub);
  constant(Op.I64Const, 16);
  put(I64_SHR_U, Op.LocalTee, end);
  constant(Op.I64Const, PAGES - 1);
  put(I64_GT_U, Op.If, EMPTY_BLOCK & 0x7f);
  constant(Op.I64Const, PAGES - 1);
  put(Op.LocalSet, end, Op.End, Op.LocalGet, end, I32_WRAP_I64, Op.LocalSet, last);
  put(Op.Loop, EMPTY_BLOCK & 0x7f, Op.LocalGet, page);
  constant(Op.I32Const, 1);
  put(I32_STORE8, 0, 0, Op.LocalGet, page, Op.LocalGet, last, I32_NE, Op.If, EMPTY_BLOCK & 0x7f, Op.LocalGet, page);
  constant(Op.I32Const, 1);
  put(Op.I32Add, Op.LocalSet, page, Op.Br, 1, Op.End, Op.End, Op.LocalGet, last);
  constant(Op.I32Const, 16);
  put(I32_SHL, Op.End);
  return out.finish();
}
