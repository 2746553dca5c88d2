/**
 * Addresses of the guest's frames, from V8's stack traces: `INDEX:OFFSET` in the rewritten module, or, in the resume module
 * for a place, `FUNCTION@PLACE:OFFSET` (with an `x` behind the place if the call there has thrown). Offsets are hexadecimal.
 */
import { type Resumed, resumedFrom } from '../../inject/index.js';

const FRAME = /(wasm:\/\/\S*?):wasm-function\[(\d+)\]:0x([0-9a-f]+)/g;
const ADDRESS = /^(\d+)(?:@(\d+)(x?))?:([0-9a-f]+)$/;
/** Deeper frames are not looked at: it takes the guest a while to return to them. */
const FRAMES_MAX = 100;

export interface ParsedAddress {
  /** Function of the rewritten module, if it is in that. */
  readonly index?: number;
  /** What the resume module continues, if it is in one. */
  readonly resumed?: Resumed;
  /** In the module. */
  readonly offset: number;
}

/** The addresses of all frames that wait for the host function under way, innermost first. */
export function currentAddresses(): string[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES_MAX;
  const { stack = '' } = new Error('where the guest is');
  Error.stackTraceLimit = stackTraceLimit;
  return addressesIn(stack);
}

export function addressesIn(stack: string): string[] {
  return Array.from(stack.matchAll(FRAME), ([, url, index, offset]) => {
    const resumed = resumedFrom(url!);
    if (resumed === undefined) return `${index}:${offset}`;
    const { functionIndex, offset: place, raise } = resumed;
    return `${functionIndex}@${place}${raise ? 'x' : ''}:${offset}`;
  });
}

export function parseAddress(address: string): ParsedAddress {
  const [, index, place, raise, hex] = ADDRESS.exec(address)!;
  const offset = Number.parseInt(hex!, 16);
  if (place === undefined) return { index: Number(index), offset };
  return { resumed: { functionIndex: Number(index), offset: Number(place), raise: raise === 'x' }, offset };
}
