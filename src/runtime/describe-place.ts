/** Places in the guest's code for people. */
import type { GuestPlace } from './guest/protocol.js';

/** `function 12 "main" at offset 0x1f3`. */
export function describePlace({ functionIndex, functionName, offset }: GuestPlace): string {
  const name = functionName === undefined ? '' : ` ${JSON.stringify(functionName)}`;
  const at = offset === undefined ? '' : ` at offset 0x${offset.toString(16)}`;
  return `function ${functionIndex}${name}${at}`;
}
