/**
 * The one table of host calls: all import modules that are served. A call that is not listed refuses to link, by name.
 * Ids are part of the log format: 16 to 79 preview1, 80 to 143 wasi_unstable, from 144 the WasmEdge sockets.
 */
import { PREVIEW1_CALLS } from './tables/preview1.js';
import type { CallRow } from './tables/row.js';
import { UNSTABLE_CALLS } from './tables/unstable.js';
import { WASMEDGE_CALLS } from './tables/wasmedge.js';

export type { CallRow, WasiHandler } from './tables/row.js';

export const CALL_TABLE: readonly CallRow[] = [...PREVIEW1_CALLS, ...UNSTABLE_CALLS, ...WASMEDGE_CALLS];
