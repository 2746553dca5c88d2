/** Arguments of replayed calls on their way from the guest's thread to whoever shows them. */
import { Packr } from 'msgpackr/pack';
import type { CallArgs, CallInfo } from '../../record/call.js';
import type { Fields } from '../../wasi/decode-result.js';
import { describeArguments } from '../../wasi/describe-arguments.js';

const packr = new Packr({ useRecords: false, int64AsType: 'bigint' });

/** A call that the log answered. */
export interface ReplayedCall {
  /** Number of its entry. */
  readonly event: number;
  readonly arguments: Fields;
}

/** `memory`: as it is when the call is made. */
export function packArguments(call: CallInfo, args: CallArgs, memory: Uint8Array): Uint8Array {
  return packr.pack(describeArguments(call, args, memory));
}

export function unpackArguments(bytes: Uint8Array): Fields {
  return packr.unpack(bytes) as Fields;
}
