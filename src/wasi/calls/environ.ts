/** environ_get, environ_sizes_get: the variables in the order in which they were configured. */
import type { WasiContext } from '../context.js';
import { writeSizes, writeStrings } from './args.js';

export function environGet(ctx: WasiContext, environ: number, environBuf: number): number {
  return writeStrings(ctx, variables(ctx), environ, environBuf);
}

export function environSizesGet(ctx: WasiContext, count: number, bufSize: number): number {
  return writeSizes(ctx, variables(ctx), count, bufSize);
}

function variables(ctx: WasiContext): string[] {
  return (ctx.config.env ?? []).map(([name, value]) => `${name}=${value}`);
}
