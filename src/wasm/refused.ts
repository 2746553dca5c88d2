/** Features that are refused, by name and offset, and why. Everything else in the opcode table is accepted. */
import { DecodeError } from '../errors.js';
import { type Feature, FLAT_OPCODES } from './opcode.js';
import { OPCODE_BY_FLAT, opcodeName } from './opcode-lookup.js';
import { OPCODES } from './opcodes.js';

/** What else a module can need besides the features of its opcodes. */
export type ModuleFeature =
  | Feature
  | 'multi-value'
  | 'mutable-globals'
  | 'multi-memory'
  | 'extended-const'
  | 'shared-memory'
  | 'memory64';

const NOT_DETERMINISTIC = 'its results depend on the processor, so that replicas could differ';
const THREADS = 'threads are not scheduled deterministically';
const NOT_SUPPORTED = 'this proposal is not supported';

/** Why a feature is refused. */
export const REFUSALS: Partial<Record<ModuleFeature, string>> = {
  'relaxed-simd': NOT_DETERMINISTIC,
  threads: THREADS,
  'shared-memory': THREADS,
  memory64: NOT_SUPPORTED,
  'function-references': NOT_SUPPORTED,
  gc: NOT_SUPPORTED,
};

/** 1 for every flat opcode of a refused feature. */
export const REFUSED_OPCODES = new Uint8Array(FLAT_OPCODES);
for (const { op, feature } of OPCODES) REFUSED_OPCODES[op] = feature in REFUSALS ? 1 : 0;

/** The error for a construct `what` that needs the refused `feature`. */
export function refused(feature: ModuleFeature, what: string, offset: number, functionIndex?: number): DecodeError {
  const reason = REFUSALS[feature] ?? NOT_SUPPORTED;
  const where = functionIndex === undefined ? '' : `function ${functionIndex}: `;
  return new DecodeError('FTW_UNSUPPORTED', offset, `${where}${what} needs ${feature}, which is refused: ${reason}`, {
    feature,
    what,
    reason,
    ...(functionIndex === undefined ? {} : { functionIndex }),
  });
}

/** The error for an instruction of a refused feature. */
export function refusedOpcode(op: number, offset: number, functionIndex?: number): DecodeError {
  return refused(OPCODE_BY_FLAT[op]!.feature, opcodeName(op), offset, functionIndex);
}
