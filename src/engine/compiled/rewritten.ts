/**
 * A rewritten module as bytes, so that the next start need not validate and rewrite the guest again. What it holds was
 * made from bytes that were found valid; the key says from which, by which version and with which options.
 *
 *     u32 size of the header, header as JSON, one byte per function and per type of the call analysis, the module
 */
import { type CallAnalysis, INJECT_VERSION, type InjectOptions } from '../../inject/index.js';

/** Keeps bytes by key between runs. It may forget, and does not fail: what it cannot keep is made anew. */
export interface RewrittenCache {
  load(key: string): Uint8Array | undefined;
  /** Keeps the bytes of `parts`, one behind the other. */
  store(key: string, parts: readonly Uint8Array[]): void;
}

export interface Rewritten {
  readonly bytes: Uint8Array;
  readonly exportPrefix: string;
  /** Where the module's frames can be captured. */
  readonly calls?: CallAnalysis;
}

interface Header {
  readonly exportPrefix: string;
  /** Functions and types of the call analysis; none without capture. */
  readonly functions: number;
  readonly types: number;
}

/** Under which key the module with this hash is kept, rewritten with `options`. */
export function cacheKey(hash: string, options: InjectOptions): string {
  const { depth, preemption, canonicalNans, capture = false, eager = false } = options;
  const flags = [depth, preemption, canonicalNans, capture, eager].map(Number).join('');
  return `${hash}-${FORMAT}.${INJECT_VERSION}.${flags}`;
}

export function encodeRewritten({ bytes, calls, exportPrefix }: Rewritten): Uint8Array[] {
  const functions = calls?.mayLeave.length ?? 0;
  const types = calls?.typeMayLeave.length ?? 0;
  const header = new TextEncoder().encode(JSON.stringify({ exportPrefix, functions, types } satisfies Header));
  const size = new Uint8Array(SIZE_BYTES);
  new DataView(size.buffer).setUint32(0, header.length, true);
  return [size, header, ...(calls === undefined ? [] : [calls.recursion, calls.mayLeave, calls.typeMayLeave]), bytes];
}

/** Undefined if that is not what {@link encodeRewritten} has made. */
export function decodeRewritten(payload: Uint8Array): Rewritten | undefined {
  let at = 0;
  const take = (length: number) => {
    at += length;
    return payload.subarray(at - length, at);
  };
  try {
    const size = new DataView(payload.buffer, payload.byteOffset, SIZE_BYTES).getUint32(0, true);
    take(SIZE_BYTES);
    const { exportPrefix, functions, types } = JSON.parse(new TextDecoder().decode(take(size))) as Header;
    if (functions === 0) return { exportPrefix, bytes: payload.subarray(at) };
    const calls = { recursion: take(functions), mayLeave: take(functions), typeMayLeave: take(types) };
    return { exportPrefix, calls, bytes: payload.subarray(at) };
  } catch {
    return undefined;
  }
}

/** Raised when this file's format changes. */
const FORMAT = 2;
const SIZE_BYTES = 4;
