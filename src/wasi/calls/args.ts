/** args_get, args_sizes_get; and the string tables that environ shares. */
import { ERRNO } from '../abi.js';
import type { WasiContext } from '../context.js';

const utf8 = new TextEncoder();

export function argsGet(ctx: WasiContext, argv: number, argvBuf: number): number {
  return writeStrings(ctx, ctx.config.args ?? [], argv, argvBuf);
}

export function argsSizesGet(ctx: WasiContext, argc: number, argvBufSize: number): number {
  return writeSizes(ctx, ctx.config.args ?? [], argc, argvBufSize);
}

/** Writes NUL-terminated strings at `buffer` and their addresses at `pointers`. */
export function writeStrings(ctx: WasiContext, strings: readonly string[], pointers: number, buffer: number): number {
  const { memory } = ctx;
  memory.check(pointers, strings.length * 4);
  let at = buffer;
  for (const [index, text] of strings.entries()) {
    const bytes = utf8.encode(`${text}\0`);
    memory.slice(at, bytes.length).set(bytes);
    memory.setU32(pointers + index * 4, at);
    at += bytes.length;
  }
  return ERRNO.SUCCESS;
}

export function writeSizes(ctx: WasiContext, strings: readonly string[], count: number, bytes: number): number {
  ctx.memory.setU32(count, strings.length);
  ctx.memory.setU32(
    bytes,
    strings.reduce((sum, text) => sum + utf8.encode(text).length + 1, 0),
  );
  return ERRNO.SUCCESS;
}
